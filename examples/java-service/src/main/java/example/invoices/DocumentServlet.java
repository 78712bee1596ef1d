package example.invoices;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.servlet.ServletException;
import javax.servlet.http.HttpServlet;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Document;
import org.xml.sax.SAXException;

/** Keeps the documents that belong to invoices. */
public final class DocumentServlet extends HttpServlet {
    private static final Path FOLDER = Path.of("documents");

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        Path document = FOLDER.resolve(request.getParameter("name"));
        Files.copy(document, response.getOutputStream());
    }

    @Override
    protected void doDelete(HttpServletRequest request, HttpServletResponse response) throws IOException {
        Path name = Path.of(request.getParameter("name")).getFileName();
        Files.delete(FOLDER.resolve(name));
    }

    @Override
    protected void doPost(HttpServletRequest request, HttpServletResponse response) throws ServletException, IOException {
        try {
            DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
            Document invoice = factory.newDocumentBuilder().parse(request.getInputStream());
            response.getOutputStream().println(invoice.getDocumentElement().getTagName());
        } catch (ParserConfigurationException | SAXException error) {
            throw new ServletException(error);
        }
    }

    @Override
    protected void doPut(HttpServletRequest request, HttpServletResponse response) throws ServletException, IOException {
        try {
            DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
            factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
            Document invoice = factory.newDocumentBuilder().parse(request.getInputStream());
            response.getOutputStream().println(invoice.getDocumentElement().getTagName());
        } catch (ParserConfigurationException | SAXException error) {
            throw new ServletException(error);
        }
    }
}
