package example;

import java.io.File;
import java.io.FileInputStream;
import java.net.URI;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Paths;
import javax.servlet.http.HttpServlet;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import org.apache.commons.io.FilenameUtils;
import org.springframework.web.bind.annotation.*;
import org.springframework.web.client.RestTemplate;

class Downloads extends HttpServlet {
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws Exception {
        // ruleid: java-path-traversal
        new File("/srv/files", request.getParameter("file"));
        // ruleid: java-path-traversal
        Files.readAllBytes(Paths.get("/srv/files/" + request.getParameter("file")));
        // ok: java-path-traversal
        new FileInputStream("/srv/files/" + FilenameUtils.getName(request.getParameter("file")));
        // ok: java-path-traversal
        new File("/srv/files/readme.txt");
        // ruleid: java-server-side-request-forgery
        new URL(request.getParameter("url")).openStream();
        // ok: java-server-side-request-forgery
        new URL("https://api.example.com/items/" + request.getParameter("item")).openStream();
        // ruleid: java-open-redirect
        response.sendRedirect(request.getParameter("next"));
        // ok: java-open-redirect
        response.sendRedirect("/users/" + request.getParameter("name"));
        // ok: java-open-redirect
        response.sendRedirect("/home");
    }
}

@RestController
class Preview {
    private RestTemplate client;

    @GetMapping("/preview")
    String preview(@RequestParam String url) {
        // ruleid: java-server-side-request-forgery
        return client.getForObject(url, String.class);
    }

    @GetMapping("/login")
    String login(@RequestParam String next) {
        // ruleid: java-open-redirect
        return "redirect:" + next;
    }

    @GetMapping("/logout")
    String logout() {
        // ok: java-open-redirect
        return "redirect:/home";
    }
}
