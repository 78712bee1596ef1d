"""npm audit with the real npm. The registries that it asks are stand-ins on loopback, but for the machine's own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scangate.execute import Context, run_in_private
from scangate.model import Finding, LedgerState, PackageLocation
from scangate.scanners.interface import Command, Job, Parsed, ScannerError, Target, Tool
from scangate.scanners.npm_audit import NpmAudit
from scangate.toolstore import ToolStore, resolve
from tests.scanners.npm_stand_in import NpmStandIn, serve_npm_stand_in, write_tree

pytestmark = pytest.mark.real

NPM = NpmAudit()
LOCK = {
    "name": "shop",
    "lockfileVersion": 3,
    "packages": {"": {"dependencies": {"lodash": "4.17.11"}}, "node_modules/lodash": {"version": "4.17.11"}},
}


def place(finding: Finding) -> PackageLocation:
    assert isinstance(finding.location, PackageLocation)
    return finding.location


@pytest.fixture(scope="module")
def npm() -> Tool:
    return resolve(NPM.tool, store=ToolStore(), configured=None, say=lambda note: None)


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[NpmStandIn]:
    """The registry that the user's settings name."""
    with serve_npm_stand_in(NpmStandIn(versions={"lodash": ["4.17.11", "4.17.21"]})) as served:
        monkeypatch.setenv("NPM_CONFIG_USERCONFIG", str(tmp_path / "user" / "npmrc"))
        monkeypatch.delenv("NPM_CONFIG_REGISTRY", raising=False)
        write_tree(tmp_path / "user", {"npmrc": f"registry={served.url}\n"})
        yield served


Real = Callable[..., Parsed]


@pytest.fixture
def real(npm: Tool, tmp_path: Path) -> Real:
    """npm itself on one lock file of a tree, as the runner runs it."""

    def run(files: Mapping[str, Any], path: str = "package-lock.json", *, scanner: NpmAudit = NPM) -> Parsed:
        root = write_tree(tmp_path / "tree", files).resolve()
        context = Context(
            root=root,
            cores=1,
            find_tool=lambda spec, say: npm,
            notify=lambda event: None,
            cancel=threading.Event(),
        )
        return run_in_private(scanner, Target(path, ("npm-dependencies",), (path,)), npm, context)

    return run


KETTLE = {
    "name": "shop",
    "lockfileVersion": 3,
    "packages": {
        "": {"dependencies": {"lodash": "^4.17.0", "@teapots/kettle": "1.0.0"}, "workspaces": ["packages/*"]},
        "node_modules/lodash": {"version": "4.17.11"},
        "node_modules/@teapots/kettle": {"version": "1.0.0", "dev": True},
        "node_modules/a": {"resolved": "packages/a", "link": True},
        "packages/a": {"name": "a", "version": "1.0.0", "dependencies": {"lodash": "4.17.21"}},
        "packages/a/node_modules/lodash": {"version": "4.17.21"},
    },
}


def test_npm_finds_what_the_registry_knows(real: Real, registry: NpmStandIn) -> None:
    parsed = real({"package-lock.json": KETTLE})
    assert (parsed.state, parsed.considered, parsed.scanned) == (LedgerState.RAN, 3, 3)
    found = {finding.rule.id: finding for finding in parsed.findings}
    assert found.keys() == {"GHSA-jf85-cpcp-j695", "GHSA-2099-kett-le22"}
    lodash, kettle = found["GHSA-jf85-cpcp-j695"], found["GHSA-2099-kett-le22"]
    assert (lodash.fix.state, lodash.fix.text) == ("available", "npm audit fix")
    assert kettle.fix.state == "unknown", "the registry has no document about it"
    assert (place(kettle).purl, place(kettle).scope) == ("pkg:npm/%40teapots/kettle@1.0.0", "dev")
    assert registry.asked_for == {"lodash": ["4.17.11", "4.17.21"], "@teapots/kettle": ["1.0.0"]}


OLD = {
    "name": "shop",
    "lockfileVersion": 1,
    "dependencies": {
        "outer": {
            "version": "1.0.0",
            "requires": {"lodash": "4.17.11"},
            "dependencies": {"lodash": {"version": "4.17.11", "dev": True}},
        },
        "renamed": {"version": "npm:lodash@4.17.10"},
        "forked": {"version": "git+https://git.example/forked.git#abc"},
    },
}


def test_a_lock_file_of_old_is_read_too(real: Real, registry: NpmStandIn) -> None:
    manifest = {"dependencies": {"outer": "1", "renamed": "npm:lodash@4.17.10", "late": "1"}}
    parsed = real({"package-lock.json": OLD, "package.json": manifest})
    assert parsed.state is LedgerState.PARTIAL
    assert (parsed.considered, parsed.scanned) == (5, 3)
    assert sorted(skipped.reason.split(": ")[-2].split("/")[-1] for skipped in parsed.skipped) == ["forked", "late"]
    assert sorted((place(f).version, place(f).direct, place(f).scope) for f in parsed.findings) == [
        ("4.17.10", True, "runtime"),
        ("4.17.11", False, "dev"),
    ]


def test_the_scanned_tree_cannot_steer_npm(real: Real, registry: NpmStandIn, tmp_path: Path) -> None:
    with serve_npm_stand_in(NpmStandIn(knows_nothing=True)) as theirs:
        ran = tmp_path / "ran"
        steering = {
            ".npmrc": f"registry={theirs.url}\noffline=true\naudit=false\nomit[]=dev\npackage-lock=false\n",
            "package.json": {"name": f"git+{theirs.url}x.git", "scripts": {"preaudit": f"touch {ran}"}},
            "npm-shrinkwrap.json": {"lockfileVersion": 3, "packages": {"": {}}},
            "package-lock.json": {
                "lockfileVersion": 3,
                "packages": {
                    "": {"name": f"git+{theirs.url}x.git"},
                    "node_modules/lodash": {"version": "4.17.11", "resolved": f"{theirs.url}x.tgz", "dev": True},
                    "node_modules/hides": {"resolved": "node_modules/lodash", "link": True},
                    "node_modules/outside": {"resolved": "../../../../etc", "link": True},
                    "node_modules/y": {
                        "name": f"git+{theirs.url}y.git",
                        "version": "1.0.0",
                        "dependencies": {"lodash": "4.17.11"},
                    },
                    "node_modules/y/node_modules/lodash": {"version": "4.17.10"},
                },
            },
        }
        parsed = real(steering)
        assert not theirs.seen
    assert not ran.exists()
    assert sorted(place(finding).version for finding in parsed.findings) == ["4.17.10", "4.17.11"]
    assert [skipped.reason.split(": ")[-1] for skipped in parsed.skipped] == ["is no name that a registry can have"]
    assert {asked.path for asked in registry.seen} == {"/-/npm/v1/security/advisories/bulk", "/lodash"}


def test_the_machines_settings_leave_nothing_out(real: Real, registry: NpmStandIn, tmp_path: Path) -> None:
    """Settings for all users of a machine are read, for their certificates and proxies."""
    settings = write_tree(tmp_path / "etc", {"npmrc": "omit[]=dev\noffline=true\npackage-lock=false\nglobal=true\n"})

    class OnThatMachine(NpmAudit):
        def command(self, job: Job) -> Command:
            command = super().command(job)
            return replace(command, argv=(*command.argv, "--globalconfig", str(settings / "npmrc")))

    parsed = real({"package-lock.json": KETTLE}, scanner=OnThatMachine())
    assert sorted(place(finding).scope for finding in parsed.findings) == ["dev", "runtime"]


@pytest.mark.parametrize("status", [404, 405, 500])
def test_a_registry_without_the_bulk_endpoint_is_a_failure(real: Real, registry: NpmStandIn, status: int) -> None:
    registry.status = status
    with pytest.raises(ScannerError, match=str(status)) as caught:
        real({"package-lock.json": LOCK})
    assert caught.value.state is LedgerState.FAILED
    assert "osv-scanner" in caught.value.mend


def test_a_registry_that_knows_no_advisories_is_not_believed(real: Real, registry: NpmStandIn) -> None:
    registry.knows_nothing = True
    with pytest.raises(ScannerError, match="knows no advisories"):
        real({"package-lock.json": LOCK})


def test_a_private_registry_is_told_the_users_token(
    real: Real, registry: NpmStandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.token = "made-up"
    with pytest.raises(ScannerError, match="401"):
        real({"package-lock.json": LOCK})
    host = registry.url.removeprefix("http:")
    write_tree(tmp_path / "user", {"npmrc": f"registry={registry.url}\n{host}:_authToken=${{SHOP_TOKEN}}\n"})
    monkeypatch.setenv("SHOP_TOKEN", "made-up")
    assert [finding.rule.id for finding in real({"package-lock.json": LOCK}).findings] == ["GHSA-jf85-cpcp-j695"]


def test_a_lock_file_without_dependencies_asks_nobody(real: Real, registry: NpmStandIn) -> None:
    parsed = real({"package-lock.json": {"lockfileVersion": 3, "packages": {"": {"name": "shop"}}}})
    assert (parsed.state, parsed.scanned, parsed.reason) == (LedgerState.RAN, 0, "it names no dependencies")
    assert not registry.seen


def test_the_registry_of_this_machine_answers_or_refuses_and_is_never_silent(real: Real) -> None:
    try:
        parsed = real({"package-lock.json": LOCK})
    except ScannerError as error:
        assert error.state is LedgerState.FAILED
        assert "osv-scanner" in error.mend
    else:
        assert "GHSA-jf85-cpcp-j695" in {finding.rule.id for finding in parsed.findings}
