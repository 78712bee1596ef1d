package scangate.zaprules;

import java.util.Optional;
import org.parosproxy.paros.network.HttpMessage;

/** A parameter comes back in a page as markup. */
public class ReflectedInputRule extends AttackRule {
    private static final String MARKUP = "sc\"'><scangate>";

    public ReflectedInputRule() {
        super(
                new AttackFacts(
                        40012,
                        "Cross Site Scripting (Reflected)",
                        "A parameter is written into the page without encoding.",
                        "Encode what is written for the place where it is written.",
                        79,
                        8));
    }

    @Override
    String attack(String value) {
        return MARKUP;
    }

    @Override
    Optional<String> trace(HttpMessage answer) {
        boolean reflected = answer.getResponseHeader().isHtml() && answer.getResponseBody().toString().contains(MARKUP);
        return reflected ? Optional.of(MARKUP) : Optional.empty();
    }
}
