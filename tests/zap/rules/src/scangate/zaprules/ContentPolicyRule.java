package scangate.zaprules;

import java.util.Map;
import net.htmlparser.jericho.Source;
import org.parosproxy.paros.core.scanner.Alert;
import org.parosproxy.paros.network.HttpMessage;
import org.zaproxy.zap.extension.pscan.PluginPassiveScanner;

/** A page does not say what it may load. */
public class ContentPolicyRule extends PluginPassiveScanner {
    @Override
    public int getPluginId() {
        return 10038;
    }

    @Override
    public String getName() {
        return "Content Security Policy (CSP) Header Not Set";
    }

    @Override
    public void scanHttpResponseReceive(HttpMessage message, int id, Source source) {
        if (!message.getResponseHeader().isHtml()
                || message.getResponseHeader().getHeader("Content-Security-Policy") != null) {
            return;
        }
        newAlert()
                .setAlertRef("10038-1") // in the numbering of ZAP's own rule, which tells three cases apart
                .setRisk(Alert.RISK_MEDIUM)
                .setConfidence(Alert.CONFIDENCE_HIGH)
                .setDescription("The page does not limit where scripts and other content may come from.")
                .setSolution("Send a Content-Security-Policy with every page.")
                .setReference("https://cwe.mitre.org/data/definitions/693.html")
                .setCweId(693)
                .setWascId(15)
                .setTags(getAlertTags())
                .raise();
    }

    /** SYSTEMIC says to ZAP that this is about the site, not about each of its pages. */
    @Override
    public Map<String, String> getAlertTags() {
        return Map.of("OWASP_2021_A05", "https://owasp.org/Top10/A05_2021-Security_Misconfiguration/", "SYSTEMIC", "");
    }
}
