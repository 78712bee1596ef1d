package scangate.zaprules;

import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.parosproxy.paros.core.scanner.AbstractAppParamPlugin;
import org.parosproxy.paros.core.scanner.Alert;
import org.parosproxy.paros.core.scanner.Category;
import org.parosproxy.paros.network.HttpMessage;

/** An active rule that sends one attack for each parameter, and looks for its trace in the answer. */
abstract class AttackRule extends AbstractAppParamPlugin {
    private static final Logger LOG = LogManager.getLogger(AttackRule.class);

    private final AttackFacts facts;

    AttackRule(AttackFacts facts) {
        this.facts = facts;
    }

    /** What to send in place of the parameter's value; ZAP knows no value of a parameter that came without one. */
    abstract String attack(String value);

    /** The part of an answer that shows that an attack worked. */
    abstract Optional<String> trace(HttpMessage answer);

    @Override
    public void scan(HttpMessage original, String parameter, String value) {
        if (isStop() || trace(original).isPresent()) { // an answer that always shows the trace says nothing
            return;
        }
        String attack = attack(value == null ? "" : value);
        HttpMessage probe = getNewMsg();
        setParameter(probe, parameter, attack);
        try {
            sendAndReceive(probe);
        } catch (IOException e) {
            LOG.debug("no answer to {}", probe.getRequestHeader().getURI(), e);
            return;
        }
        trace(probe).ifPresent(found -> raise(probe, parameter, attack, found));
    }

    private void raise(HttpMessage probe, String parameter, String attack, String evidence) {
        newAlert()
                .setConfidence(Alert.CONFIDENCE_MEDIUM)
                .setParam(parameter)
                .setAttack(attack)
                .setEvidence(evidence)
                .setMessage(probe)
                .raise();
    }

    @Override
    public int getId() {
        return facts.id();
    }

    @Override
    public String getName() {
        return facts.name();
    }

    @Override
    public String getDescription() {
        return facts.description();
    }

    @Override
    public String getSolution() {
        return facts.solution();
    }

    @Override
    public String getReference() {
        return "https://cwe.mitre.org/data/definitions/" + facts.cwe() + ".html";
    }

    @Override
    public int getCweId() {
        return facts.cwe();
    }

    @Override
    public int getWascId() {
        return facts.wasc();
    }

    @Override
    public int getRisk() {
        return Alert.RISK_HIGH;
    }

    @Override
    public int getCategory() {
        return Category.INJECTION;
    }

    @Override
    public Map<String, String> getAlertTags() {
        return Map.of("OWASP_2021_A03", "https://owasp.org/Top10/A03_2021-Injection/");
    }
}
