package example;

import javax.servlet.http.Cookie;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;

class Security {
    void open(HttpSecurity http) throws Exception {
        // ruleid: java-spring-csrf-disabled
        http.csrf().disable();
        // ruleid: java-spring-csrf-disabled
        http.csrf(csrf -> csrf.disable());
        // ruleid: java-spring-csrf-disabled
        http.csrf(AbstractHttpConfigurer::disable);
        // ok: java-spring-csrf-disabled
        http.csrf(csrf -> csrf.csrfTokenRepository(repository));
    }

    void cookies(String id) {
        Cookie cookie = new Cookie("session", id);
        // ruleid: java-insecure-cookie
        cookie.setSecure(false);
        // ok: java-insecure-cookie
        cookie.setHttpOnly(true);
    }

    void cors(CorsRegistry registry) {
        // ruleid: java-cors-any-origin-with-credentials
        registry.addMapping("/**").allowedOriginPatterns("*").allowCredentials(true);
        // ok: java-cors-any-origin-with-credentials
        registry.addMapping("/**").allowedOrigins("https://a.example").allowCredentials(true);
    }
}
