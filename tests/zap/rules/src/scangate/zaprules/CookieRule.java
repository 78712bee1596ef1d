package scangate.zaprules;

import net.htmlparser.jericho.Source;
import org.parosproxy.paros.core.scanner.Alert;
import org.parosproxy.paros.network.HttpHeader;
import org.parosproxy.paros.network.HttpMessage;
import org.zaproxy.zap.extension.pscan.PluginPassiveScanner;

/** Scripts may read a cookie. */
public class CookieRule extends PluginPassiveScanner {
    @Override
    public int getPluginId() {
        return 10010;
    }

    @Override
    public String getName() {
        return "Cookie No HttpOnly Flag";
    }

    @Override
    public void scanHttpResponseReceive(HttpMessage message, int id, Source source) {
        for (String cookie : message.getResponseHeader().getHeaderValues(HttpHeader.SET_COOKIE)) {
            if (!cookie.toLowerCase().matches(".*;\\s*httponly\\s*(;.*)?")) {
                raise(cookie.substring(0, Math.max(0, cookie.indexOf('='))));
            }
        }
    }

    private void raise(String name) {
        newAlert()
                .setRisk(Alert.RISK_LOW)
                .setConfidence(Alert.CONFIDENCE_MEDIUM)
                .setDescription("A cookie is set without HttpOnly, so that scripts can read it.")
                .setParam(name)
                .setEvidence("Set-Cookie: " + name)
                .setSolution("Set HttpOnly on every cookie that scripts do not need.")
                .setReference("https://cwe.mitre.org/data/definitions/1004.html")
                .setCweId(1004)
                .setWascId(13)
                .raise();
    }
}
