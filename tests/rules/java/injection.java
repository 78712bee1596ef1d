package example;

import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.Statement;
import javax.servlet.http.HttpServlet;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import org.owasp.encoder.Encode;
import org.springframework.expression.spel.standard.SpelExpressionParser;
import org.springframework.web.bind.annotation.*;

class Users extends HttpServlet {
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws Exception {
        String name = request.getParameter("name");
        Statement statement = connection.createStatement();
        // ruleid: java-sql-injection
        statement.executeQuery("SELECT * FROM users WHERE name = '" + name + "'");
        // ok: java-sql-injection
        PreparedStatement prepared = connection.prepareStatement("SELECT * FROM users WHERE name = ?");
        prepared.setString(1, name);
        // ok: java-sql-injection
        statement.executeQuery("SELECT * FROM users LIMIT " + Integer.parseInt(request.getParameter("limit")));
        // ruleid: java-command-injection
        Runtime.getRuntime().exec("ping -c 1 " + request.getParameter("host"));
        // ruleid: java-command-injection
        new ProcessBuilder("sh", "-c", "ping " + request.getParameter("host")).start();
        // ok: java-command-injection
        Runtime.getRuntime().exec("ping -c 1 localhost");
        // ok: java-command-injection
        new ProcessBuilder("ping", "-c", "1", request.getParameter("host")).start();
        // ruleid: java-reflected-xss
        response.getWriter().println("<h1>" + name + "</h1>");
        // ok: java-reflected-xss
        response.getWriter().println("<h1>" + Encode.forHtml(name) + "</h1>");
        PrintWriter writer = response.getWriter();
        // ruleid: java-reflected-xss
        writer.write(request.getHeader("User-Agent"));
        // ok: java-reflected-xss
        writer.write("<h1>Hello</h1>");
    }

    void report(Connection connection, String table, String day) throws Exception {
        Statement statement = connection.createStatement();
        // ruleid: java-sql-string-format
        statement.executeUpdate("DELETE FROM " + table);
        String query = "SELECT * FROM visits WHERE day = '" + day + "'";
        // ruleid: java-sql-string-format
        statement.executeQuery(query);
        // ruleid: java-sql-string-format
        connection.prepareStatement(String.format("SELECT * FROM %s", table));
        // ok: java-sql-string-format
        connection.prepareStatement("SELECT * FROM visits WHERE day = ?");
        // ok: java-sql-string-format
        connection.prepareStatement("SELECT * FROM visits " + "WHERE day = ?");
        // ok: java-sql-string-format
        executor.execute("report for " + day);
    }
}

@RestController
class Search {
    @GetMapping("/search")
    String search(@RequestParam("q") String q, @RequestParam int page) {
        // ruleid: java-sql-injection
        manager.createNativeQuery("SELECT * FROM items WHERE name LIKE '%" + q + "%'").getResultList();
        SpelExpressionParser parser = new SpelExpressionParser();
        // ruleid: java-expression-injection
        parser.parseExpression(q).getValue();
        // ok: java-expression-injection
        parser.parseExpression("name").getValue();
        return "results";
    }
}
