"""Reading all alerts: page by page, each once, and only those about the target."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from scangate.scanners import zap_alerts
from scangate.scanners.interface import ScannerError, WebOptions
from scangate.scanners.zap_alerts import read_alerts
from scangate.scanners.zap_client import ZapClient
from scangate.scanners.zap_scope import scope_of
from tests.zap.apps import App, serve, well
from tests.zap.daemon import RunningZap

pytest_plugins = ("tests.zap.fixtures",)
pytestmark = pytest.mark.real

MANY = 5_000


@pytest.fixture
def app() -> Iterator[App]:
    with serve(well) as served:
        yield served


@pytest.fixture
def client(zap: RunningZap) -> Iterator[ZapClient]:
    zap.call("core/action/newSession", name="", overwrite="true")
    zap.call("pscan/action/setEnabled", enabled="false")
    with ZapClient(zap.url, zap.key) as opened:
        yield opened
    zap.call("pscan/action/setEnabled", enabled="true")


def raise_alerts(client: ZapClient, url: str, count: int) -> None:
    (message,) = client.action("core", "accessUrl", url=url)["accessUrl"]
    for number in range(count):
        texts = {"name": f"alert {number}", "description": "made up", "param": f"p{number}"}
        client.action("alert", "addAlert", messageId=message["id"], riskId=1, confidenceId=2, **texts)


def read(client: ZapClient, url: str) -> list[str]:
    return [alert["name"] for alert in read_alerts(client, scope_of(url, WebOptions()))]


def test_thousands_of_alerts_are_read_without_loss(client: ZapClient, app: App) -> None:
    raise_alerts(client, app.url, MANY)
    names = read(client, app.url)
    assert len(names) == MANY
    assert set(names) == {f"alert {number}" for number in range(MANY)}


@pytest.mark.parametrize("page", [1, 2, 3, 7])
def test_no_size_of_pages_loses_or_doubles_one(
    client: ZapClient, app: App, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr(zap_alerts, "_PAGE", page)
    raise_alerts(client, app.url, 6)
    assert sorted(read(client, app.url)) == [f"alert {number}" for number in range(6)]


def test_alerts_about_others_are_theirs(client: ZapClient, app: App) -> None:
    with serve(well) as other:
        raise_alerts(client, other.url, 3)
        raise_alerts(client, f"{app.url}/one", 2)
        raise_alerts(client, f"{app.url}/onerous", 2)
        assert len(read(client, f"{app.url}/one")) == 2
        assert len(read(client, app.url)) == 4


def test_alerts_that_people_called_false_are_read_too(client: ZapClient, app: App) -> None:
    raise_alerts(client, app.url, 2)
    (first, _) = client.view("alert", "alerts")["alerts"]
    client.action("alert", "updateAlertsConfidence", ids=first["id"], confidenceId=0)
    assert len(read(client, app.url)) == 2


class _Losing(ZapClient):
    """A ZAP that tells of more alerts than it hands over."""

    def view(self, component: str, name: str, /, **parameters: Any) -> dict[str, Any]:
        return {"numberOfAlerts": "9"} if name == "numberOfAlerts" else super().view(component, name, **parameters)


def test_alerts_that_are_missing_are_told(client: ZapClient, zap: RunningZap, app: App) -> None:
    raise_alerts(client, app.url, 2)
    with _Losing(zap.url, zap.key) as losing, pytest.raises(ScannerError, match="tells of 9 alerts, and hands over 2"):
        read(losing, app.url)
