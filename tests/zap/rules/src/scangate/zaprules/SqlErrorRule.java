package scangate.zaprules;

import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.parosproxy.paros.network.HttpMessage;

/** A quote in a parameter brings an error of the database. */
public class SqlErrorRule extends AttackRule {
    private static final Pattern ERROR =
            Pattern.compile("sqlite3\\.OperationalError|You have an error in your SQL syntax|ORA-\\d{5}|PG::SyntaxError");

    public SqlErrorRule() {
        super(
                new AttackFacts(
                        40018,
                        "SQL Injection",
                        "A parameter becomes part of an SQL statement.",
                        "Bind parameters instead of writing them into the statement.",
                        89,
                        19));
    }

    @Override
    String attack(String value) {
        return value + "'";
    }

    @Override
    Optional<String> trace(HttpMessage answer) {
        return ERROR.matcher(answer.getResponseBody().toString()).results().map(MatchResult::group).findFirst();
    }
}
