package scangate.zaprules;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import net.htmlparser.jericho.Source;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.parosproxy.paros.control.Control;
import org.parosproxy.paros.core.scanner.Alert;
import org.parosproxy.paros.extension.ExtensionAdaptor;
import org.parosproxy.paros.extension.ExtensionHook;
import org.parosproxy.paros.extension.ExtensionLoader;
import org.parosproxy.paros.extension.SessionChangedListener;
import org.parosproxy.paros.extension.history.ExtensionHistory;
import org.parosproxy.paros.model.HistoryReference;
import org.parosproxy.paros.model.Model;
import org.parosproxy.paros.model.Session;
import org.parosproxy.paros.network.HttpMessage;
import org.zaproxy.zap.extension.alert.ExtensionAlert;
import org.zaproxy.zap.extension.pscan.ExtensionPassiveScan;
import org.zaproxy.zap.extension.pscan.PassiveController;
import org.zaproxy.zap.extension.pscan.PassiveScanActions;
import org.zaproxy.zap.extension.pscan.PassiveScanData;
import org.zaproxy.zap.extension.pscan.PassiveScanRuleManager;
import org.zaproxy.zap.extension.pscan.PassiveScanner;
import org.zaproxy.zap.extension.pscan.PluginPassiveScanner;

/** Runs passive rules over every message, and brings ZAP's API for them: ZAP's own engine is not in Maven Central. */
public class PassiveScanExtension extends ExtensionAdaptor
        implements PassiveController, PassiveScanRuleManager, PassiveScanActions, SessionChangedListener {
    private static final Logger LOG = LogManager.getLogger(PassiveScanExtension.class);
    private static final long IDLE_MILLISECONDS = 100;

    private final List<PassiveScanner> rules = new CopyOnWriteArrayList<>();
    private final AtomicInteger scanned = new AtomicInteger(); // the id of the last message that was looked at
    private volatile boolean enabled = true;
    private volatile boolean ended;
    private ExtensionHistory history;
    private ExtensionAlert alerts;

    public PassiveScanExtension() {
        super("PassiveScanExtension");
    }

    @Override
    public void hook(ExtensionHook hook) {
        super.hook(hook);
        List.of(new ContentPolicyRule(), new CookieRule(), new NoSniffRule()).forEach(this::add);
        hook.addApiImplementor(new PassiveScanApi(this));
        hook.addSessionListener(this);
    }

    @Override
    public void optionsLoaded() {
        ExtensionLoader loader = Control.getSingleton().getExtensionLoader();
        history = loader.getExtension(ExtensionHistory.class);
        alerts = loader.getExtension(ExtensionAlert.class);
        ExtensionPassiveScan core = loader.getExtension(ExtensionPassiveScan.class);
        core.setPassiveScanRuleManager(this);
        core.setPassiveController(this);
    }

    @Override
    public void postInit() {
        Thread thread = new Thread(this::scanUntilEnded, "passive-scan");
        thread.setDaemon(true);
        thread.start();
    }

    private void scanUntilEnded() {
        while (!ended) {
            int before = scanned.get();
            if (before >= history.getLastHistoryId()) {
                rest();
                continue;
            }
            if (enabled) {
                scan(before + 1);
            }
            scanned.compareAndSet(before, before + 1); // fails when a new session began meanwhile, which counts from 0
        }
    }

    private void rest() {
        try {
            Thread.sleep(IDLE_MILLISECONDS);
        } catch (InterruptedException e) {
            ended = true;
        }
    }

    private void scan(int id) {
        try {
            HistoryReference reference = history.getHistoryReference(id);
            if (reference != null && !HistoryReference.getTemporaryTypes().contains(reference.getHistoryType())) {
                scan(id, reference.getHistoryType(), reference.getHttpMessage());
            }
        } catch (Exception e) { // a message that cannot be read must not end the thread that the others wait for
            LOG.warn("passive scan of message {} failed", id, e);
        }
    }

    private void scan(int id, int type, HttpMessage message) {
        if (!message.isResponseFromTargetHost()) {
            return;
        }
        PassiveScanData data = new PassiveScanData(message);
        Source source = new Source(message.getResponseBody().toString());
        for (PluginPassiveScanner rule : getPluginScanRules()) {
            if (rule.isEnabled() && rule.appliesToHistoryType(type)) {
                rule.setHelper(data);
                rule.setPassiveScanActions(this);
                rule.scanHttpResponseReceive(message, id, source);
            }
        }
    }

    @Override
    public void raiseAlert(HistoryReference reference, Alert alert) {
        alert.setSource(Alert.Source.PASSIVE);
        alerts.alertFound(alert, reference);
    }

    @Override
    public void addHistoryTag(HistoryReference reference, String tag) {
        reference.addTag(tag);
    }

    void setScanning(boolean enabled) {
        this.enabled = enabled;
    }

    @Override
    public int getRecordsToScan() {
        return Math.max(0, history.getLastHistoryId() - scanned.get());
    }

    @Override
    public void clearQueue() {
        scanned.set(history.getLastHistoryId());
    }

    @Override
    public boolean add(PassiveScanner rule) {
        if (rule instanceof PluginPassiveScanner) {
            ((PluginPassiveScanner) rule).setConfig(Model.getSingleton().getOptionsParam().getConfig());
        }
        return rules.add(rule);
    }

    @Override
    public boolean remove(PassiveScanner rule) {
        return rules.remove(rule);
    }

    @Override
    public boolean remove(String className) {
        return rules.removeIf(rule -> rule.getClass().getName().equals(className));
    }

    @Override
    public List<PassiveScanner> getScanRules() {
        return rules;
    }

    @Override
    public List<PluginPassiveScanner> getPluginScanRules() {
        return rules.stream()
                .filter(PluginPassiveScanner.class::isInstance)
                .map(PluginPassiveScanner.class::cast)
                .toList();
    }

    @Override
    public PluginPassiveScanner getScanRule(int id) {
        return getPluginScanRules().stream().filter(rule -> rule.getPluginId() == id).findFirst().orElse(null);
    }

    @Override
    public void sessionChanged(Session session) {
        scanned.set(0);
    }

    @Override
    public void sessionAboutToChange(Session session) {}

    @Override
    public void sessionScopeChanged(Session session) {}

    @Override
    public void sessionModeChanged(Control.Mode mode) {}

    @Override
    public void stop() {
        ended = true;
    }

    @Override
    public boolean canUnload() {
        return false;
    }

    @Override
    public boolean supportsDb(String type) {
        return true;
    }

    @Override
    public String getUIName() {
        return "Passive scan of scangate's tests";
    }

    @Override
    public String getDescription() {
        return "Runs passive rules over every message.";
    }
}
