"""`scangate tools list|path|install|prune`."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from scangate.commands import tools
from scangate.errors import UsageError
from scangate.scanners.locks import GoLock, read_lock
from scangate.scanners.registry import SCANNERS
from scangate.toolstore import ToolStore


@pytest.fixture
def store(tmp_path: Path) -> ToolStore:
    return ToolStore(tmp_path / "tools")


def test_an_empty_store_lists_every_scanner(store: ToolStore) -> None:
    out = io.StringIO()
    assert tools.list_(verify=True, store=store, out=out) == 0
    lines = out.getvalue().splitlines()
    assert [line.split()[0] for line in lines] == [scanner.tool.name for scanner in SCANNERS.values()]
    for line in lines:
        lock = read_lock(line.split()[0])
        assert ("not installed" if lock else "taken from PATH") in line
        assert ("; building " in line) is isinstance(lock, GoLock)


def test_building_a_go_tool_says_how_long_it_takes(store: ToolStore) -> None:
    out, lock = io.StringIO(), read_lock("osv-scanner")
    tools.list_(store=store, out=out)
    assert lock is not None
    assert f"not installed; building {lock.version} takes about 2 minutes\n" in out.getvalue()


def test_the_path_of_a_tool_that_is_not_installed(store: ToolStore) -> None:
    out, err = io.StringIO(), io.StringIO()
    assert tools.path("bandit", store=store, out=out, err=err) == 3
    assert out.getvalue() == ""
    assert err.getvalue() == "bandit: not installed; next: scangate tools install bandit\n"


UNKNOWN: list[Callable[[ToolStore], int]] = [
    lambda store: tools.path("bandti", store=store),
    lambda store: tools.install(["bandit", "bandti"], store=store),
]


@pytest.mark.parametrize("command", UNKNOWN, ids=["path", "install"])
def test_an_unknown_name_lists_the_choices(store: ToolStore, command: Callable[[ToolStore], int]) -> None:
    with pytest.raises(UsageError, match="'bandti'") as caught:
        command(store)
    assert "bandit" in caught.value.hint
    assert not store.home.exists()


@pytest.mark.real
def test_install_list_path_damage_prune(store: ToolStore) -> None:
    out, err = io.StringIO(), io.StringIO()
    assert tools.install(["bandit"], store=store, out=out, err=err) == 0
    assert err.getvalue().startswith("installing bandit ")
    program = Path(out.getvalue().split()[-1])

    out = io.StringIO()
    assert tools.path("bandit", store=store, out=out) == 0
    assert out.getvalue() == f"{program}\n"

    out = io.StringIO()
    (store.home / "bandit-1.0-0123456789ab-py3.11-01234567").mkdir()
    program.write_text(program.read_text() + "\n")
    assert tools.list_(store=store, out=out) == 0
    assert tools.list_(verify=True, store=store, out=out) == 3
    assert "damaged: bin/bandit was changed" in out.getvalue()
    assert "not needed" in out.getvalue()

    out = io.StringIO()
    assert tools.prune(store=store, out=out) == 0
    assert out.getvalue() == f"removed {store.home / 'bandit-1.0-0123456789ab-py3.11-01234567'}\n"
    assert tools.prune(store=store, out=out) == 0
    assert out.getvalue().endswith("nothing to remove\n")


@pytest.mark.real
def test_a_tool_that_cannot_be_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "empty-cache"))
    monkeypatch.setenv("GOPROXY", "off")
    monkeypatch.setenv("GOMODCACHE", str(tmp_path / "no-modules"))
    out, err = io.StringIO(), io.StringIO()
    assert tools.install([], store=ToolStore(tmp_path / "tools"), out=out, err=err) == 3
    assert out.getvalue() == ""
    for scanner in SCANNERS.values():
        missing = f"next: scangate tools install {scanner.name}" in err.getvalue()
        assert missing is (read_lock(scanner.tool.name) is not None)
