package scangate.zaprules;

import java.util.List;
import java.util.Map;
import net.sf.json.JSONObject;
import org.zaproxy.zap.extension.api.ApiAction;
import org.zaproxy.zap.extension.api.ApiException;
import org.zaproxy.zap.extension.api.ApiImplementor;
import org.zaproxy.zap.extension.api.ApiResponse;
import org.zaproxy.zap.extension.api.ApiResponseElement;
import org.zaproxy.zap.extension.api.ApiResponseList;
import org.zaproxy.zap.extension.api.ApiResponseSet;
import org.zaproxy.zap.extension.api.ApiView;
import org.zaproxy.zap.extension.pscan.PluginPassiveScanner;

/** The part of ZAP's pscan API that scans need, with the names and shapes of ZAP's own. */
class PassiveScanApi extends ApiImplementor {
    private final PassiveScanExtension engine;

    PassiveScanApi(PassiveScanExtension engine) {
        this.engine = engine;
        addApiView(new ApiView("recordsToScan"));
        addApiView(new ApiView("scanners"));
        addApiAction(new ApiAction("setEnabled", List.of("enabled")));
        addApiAction(new ApiAction("enableAllScanners"));
        addApiAction(new ApiAction("disableAllScanners"));
        addApiAction(new ApiAction("enableScanners", List.of("ids")));
        addApiAction(new ApiAction("disableScanners", List.of("ids")));
        addApiAction(new ApiAction("clearQueue"));
    }

    @Override
    public String getPrefix() {
        return "pscan";
    }

    @Override
    public ApiResponse handleApiView(String name, JSONObject parameters) throws ApiException {
        return switch (name) {
            case "recordsToScan" -> new ApiResponseElement(name, String.valueOf(engine.getRecordsToScan()));
            case "scanners" -> scanners(name);
            default -> throw new ApiException(ApiException.Type.BAD_VIEW);
        };
    }

    @Override
    public ApiResponse handleApiAction(String name, JSONObject parameters) throws ApiException {
        switch (name) {
            case "setEnabled" -> engine.setScanning(getParam(parameters, "enabled", false));
            case "enableAllScanners" -> engine.getPluginScanRules().forEach(rule -> rule.setEnabled(true));
            case "disableAllScanners" -> engine.getPluginScanRules().forEach(rule -> rule.setEnabled(false));
            case "enableScanners" -> setEnabled(parameters.getString("ids"), true);
            case "disableScanners" -> setEnabled(parameters.getString("ids"), false);
            case "clearQueue" -> engine.clearQueue();
            default -> throw new ApiException(ApiException.Type.BAD_ACTION);
        }
        return ApiResponseElement.OK;
    }

    private ApiResponseList scanners(String name) {
        ApiResponseList list = new ApiResponseList(name);
        engine.getPluginScanRules().forEach(rule -> list.addItem(new ApiResponseSet<>("scanner", facts(rule))));
        return list;
    }

    private static Map<String, String> facts(PluginPassiveScanner rule) {
        return Map.of(
                "id", String.valueOf(rule.getPluginId()),
                "name", rule.getName(),
                "enabled", String.valueOf(rule.isEnabled()),
                "alertThreshold", rule.getAlertThreshold(true).name(),
                "quality", rule.getStatus().toString());
    }

    private void setEnabled(String ids, boolean enabled) throws ApiException {
        for (String id : ids.split(",")) {
            rule(id.strip()).setEnabled(enabled);
        }
    }

    private PluginPassiveScanner rule(String id) throws ApiException {
        PluginPassiveScanner rule;
        try {
            rule = engine.getScanRule(Integer.parseInt(id));
        } catch (NumberFormatException e) {
            throw new ApiException(ApiException.Type.ILLEGAL_PARAMETER, "ids");
        }
        if (rule == null) {
            throw new ApiException(ApiException.Type.DOES_NOT_EXIST, id);
        }
        return rule;
    }
}
