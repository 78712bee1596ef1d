package scangate.zaprules;

import net.htmlparser.jericho.Source;
import org.parosproxy.paros.core.scanner.Alert;
import org.parosproxy.paros.network.HttpMessage;
import org.zaproxy.zap.extension.pscan.PluginPassiveScanner;

/** An answer leaves it to the browser to guess what it is. */
public class NoSniffRule extends PluginPassiveScanner {
    private static final String HEADER = "X-Content-Type-Options";

    @Override
    public int getPluginId() {
        return 10021;
    }

    @Override
    public String getName() {
        return HEADER + " Header Missing";
    }

    @Override
    public void scanHttpResponseReceive(HttpMessage message, int id, Source source) {
        boolean error = message.getResponseHeader().getStatusCode() >= 400; // browsers do not keep those
        if (error || message.getResponseBody().length() == 0 || message.getResponseHeader().getHeader(HEADER) != null) {
            return;
        }
        newAlert()
                .setRisk(Alert.RISK_LOW)
                .setConfidence(Alert.CONFIDENCE_MEDIUM)
                .setDescription("Without this header browsers may take an answer for something else than it says it is.")
                .setParam("x-content-type-options")
                .setSolution("Send X-Content-Type-Options: nosniff with every answer.")
                .setReference("https://cwe.mitre.org/data/definitions/693.html")
                .setCweId(693)
                .setWascId(15)
                .raise();
    }
}
