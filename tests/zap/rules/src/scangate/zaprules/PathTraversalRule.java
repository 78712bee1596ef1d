package scangate.zaprules;

import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.parosproxy.paros.network.HttpMessage;

/** A parameter names a file outside the folder that is meant. */
public class PathTraversalRule extends AttackRule {
    private static final Pattern ACCOUNTS = Pattern.compile("root:[^:\\s]*:0:0");

    public PathTraversalRule() {
        super(
                new AttackFacts(
                        6,
                        "Path Traversal",
                        "A parameter names files, also outside their folder.",
                        "Look files up by a name from a list.",
                        22,
                        33));
    }

    @Override
    String attack(String value) {
        return "../".repeat(8) + "etc/passwd";
    }

    @Override
    Optional<String> trace(HttpMessage answer) {
        return ACCOUNTS.matcher(answer.getResponseBody().toString()).results().map(MatchResult::group).findFirst();
    }
}
