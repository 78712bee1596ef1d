package example.invoices;

import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import javax.servlet.ServletException;
import javax.servlet.http.HttpServlet;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import javax.sql.DataSource;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/** Lists the invoices of a customer, or shows one by its number. */
public final class InvoiceServlet extends HttpServlet {
    private static final Logger LOG = LogManager.getLogger(InvoiceServlet.class);

    private final transient DataSource database;

    public InvoiceServlet(DataSource database) {
        this.database = database;
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws ServletException, IOException {
        LOG.info("asked by {}", request.getHeader("User-Agent"));
        try (Connection connection = database.getConnection()) {
            if (request.getParameter("number") == null) {
                list(connection, request, response);
            } else {
                show(connection, request, response);
            }
        } catch (SQLException error) {
            throw new ServletException(error);
        }
    }

    private void list(Connection connection, HttpServletRequest request, HttpServletResponse response)
            throws SQLException, IOException {
        String customer = request.getParameter("customer");
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT text FROM invoices WHERE customer = '" + customer + "'")) {
            print(rows, response);
        }
    }

    private void show(Connection connection, HttpServletRequest request, HttpServletResponse response)
            throws SQLException, IOException {
        try (PreparedStatement statement = connection.prepareStatement("SELECT text FROM invoices WHERE number = ?")) {
            statement.setString(1, request.getParameter("number"));
            try (ResultSet rows = statement.executeQuery()) {
                print(rows, response);
            }
        }
    }

    private static void print(ResultSet rows, HttpServletResponse response) throws SQLException, IOException {
        response.setContentType("text/plain");
        while (rows.next()) {
            response.getOutputStream().println(rows.getString("text"));
        }
    }
}
