package example.invoices;

import java.util.Map;
import org.apache.commons.text.StringSubstitutor;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** The letters that go out with invoices, as customers wrote them. */
final class Templates {
    private Templates() {}

    static String letter(String template) {
        return StringSubstitutor.createInterpolator().replace(template);
    }

    static Map<String, Object> settings(String document) {
        return new Yaml().load(document);
    }

    static Map<String, Object> plainSettings(String document) {
        return new Yaml(new SafeConstructor(new LoaderOptions())).load(document);
    }
}
