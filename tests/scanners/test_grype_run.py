"""Grype: how it is run, and what nobody looked at. Recorded outputs stand in for the tool."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from scangate.model import LedgerState
from scangate.scanners.grype import Grype
from scangate.scanners.grype_command import PACKAGES
from scangate.scanners.interface import Command, Driven, Job, Output, Parsed, ScannerError, Target, Tool
from tests.scanners.grype_outputs import (
    DEBIAN,
    DEBIAN_12,
    LIBKETTLE,
    NO_DISTRIBUTION,
    NVD,
    components,
    match,
    report,
)

GRYPE = Grype()


def run(
    tmp_path: Path,
    data: bytes,
    *found: tuple[str, str, str],
    kinds: tuple[str, ...] = ("container-image",),
    subject: str = "shop/kettle:1.0",
    others: Mapping[str, Output] | None = None,
    exit_code: int = 0,
    commands: list[Command] | None = None,
) -> Parsed:
    """The adapter with recorded outputs; `others` are those of further commands, by their first words."""
    work = tmp_path / "work"
    work.mkdir(exist_ok=True)
    job = Job(
        "grype",
        Target(subject, kinds, subject=subject),
        root=tmp_path,
        work=work,
        tool=Tool(Path("/tools/grype"), "0.120.1", "store"),
        database=tmp_path / "database",
    )

    def execute(command: Command) -> Output:
        if commands is not None:
            commands.append(command)
        words = " ".join(command.argv[3:5])
        if others and words in others:
            return others[words]
        (work / PACKAGES).write_text(json.dumps({"bomFormat": "CycloneDX", "components": components(*found)}))
        return Output(data, exit_code, "ERROR it broke")

    return GRYPE.run(job, execute)


def test_it_drives_itself_and_looks_only_when_asked() -> None:
    assert isinstance(GRYPE, Driven)
    assert not GRYPE.by_default


LODASH, LIBSSL = ("lodash", "4.17.11", "npm"), ("libssl3", "3.0", "deb")


def test_packages_are_counted_and_not_files(tmp_path: Path) -> None:
    parsed = run(tmp_path, report(match(DEBIAN, artifact=LIBKETTLE)), LODASH, LIBSSL)
    assert (parsed.state, parsed.considered, parsed.scanned) == (LedgerState.RAN, 2, 2)
    assert (parsed.version, parsed.database_date) == ("0.120.1", "2026-11-20T18:33:12Z")


@pytest.mark.parametrize(
    ("found", "distro", "scanned", "reason"),
    [
        ([], DEBIAN_12, 0, "found no packages in it; there is no package database of debian 12.4 in it"),
        ([], NO_DISTRIBUTION, 0, "found no packages in it"),
        ([LODASH], DEBIAN_12, 1, "there is no package database of debian 12.4 in it"),
        ([LODASH], NO_DISTRIBUTION, 1, "knows no distribution in it, and looked up 1 packages of languages"),
        ([LODASH, LIBSSL], NO_DISTRIBUTION, 1, "knows no distribution in it, and did not look up 1 packages"),
        ([LODASH, ("teapot", "", "npm")], NO_DISTRIBUTION, 1, "1 of 2 packages cannot be looked up"),
        ([("teapot", "1", "UnknownPackage"), LIBSSL], NO_DISTRIBUTION, 0, "as Grype does not know them: teapot"),
    ],
)
def test_an_image_that_was_not_wholly_looked_up_is_partial(
    tmp_path: Path, found: list[tuple[str, str, str]], distro: dict[str, Any], scanned: int, reason: str
) -> None:
    parsed = run(tmp_path, report(distro=distro), *found)
    assert (parsed.state, parsed.considered, parsed.scanned) == (LedgerState.PARTIAL, len(found), scanned)
    assert reason in parsed.reason
    assert parsed.mend


@pytest.mark.parametrize(
    ("answer", "scanned", "reason"),
    [
        (Output(b"[]", 0), 1, ""),
        (Output(b"", 1, "[0000] ERROR unable to get affected packages: OS not present"), 0, "has no advisories for"),
        (Output(b"", 1, "[0000] ERROR unknown command"), 0, "cannot be told: unknown command"),
    ],
)
def test_the_database_is_asked_for_a_distribution_without_matches(
    tmp_path: Path, answer: Output, scanned: int, reason: str
) -> None:
    commands: list[Command] = []
    parsed = run(tmp_path, report(), LIBSSL, others={"db search": answer}, commands=commands)
    assert "--distro=debian-12.4" in commands[1].argv
    assert parsed.state is (LedgerState.PARTIAL if reason else LedgerState.RAN)
    assert reason in parsed.reason
    assert parsed.scanned == scanned


def test_matches_of_the_distribution_show_that_the_database_knows_it(tmp_path: Path) -> None:
    commands: list[Command] = []
    run(tmp_path, report(match(DEBIAN, artifact=LIBKETTLE)), LIBSSL, commands=commands)
    assert len(commands) == 1
    run(tmp_path, report(match(NVD, artifact=LIBKETTLE)), LIBSSL, commands=commands)
    assert len(commands) == 3, "what NVD says of a package is no advisory of its distribution"


def test_an_sbom_needs_no_distribution_for_packages_of_languages(tmp_path: Path) -> None:
    data = report(distro=NO_DISTRIBUTION, source={"type": "sbom-file", "target": "bom.json"})
    parsed = run(tmp_path, data, LODASH, kinds=("sbom",), subject="/bom.json")
    assert (parsed.state, parsed.scanned) == (LedgerState.RAN, 1)


@pytest.mark.parametrize(
    ("status", "reason", "mend"),
    [
        (
            {"valid": False, "error": "database does not exist"},
            "there is no vulnerability database in",
            "grype db update",
        ),
        ({"valid": False, "error": "bad db checksum (x)"}, "cannot be used: bad db checksum", "delete "),
    ],
)
def test_a_run_without_a_usable_database_failed(tmp_path: Path, status: dict[str, Any], reason: str, mend: str) -> None:
    others = {"db status": Output(json.dumps(status).encode(), 1)}
    with pytest.raises(ScannerError, match=reason) as caught:
        run(tmp_path, b"", exit_code=1, others=others)
    assert caught.value.state is LedgerState.FAILED
    assert mend in caught.value.mend
    assert str(tmp_path / "database") in caught.value.mend


@pytest.mark.parametrize("status", [Output(b'{"valid": true}', 0), Output(b"boom", 1), Output(b'{"valid": 7}', 0)])
def test_a_run_that_failed_for_another_reason_says_that(tmp_path: Path, status: Output) -> None:
    with pytest.raises(ScannerError, match="grype ended with exit code 1: it broke"):
        run(tmp_path, b"", exit_code=1, others={"db status": status})


@pytest.mark.parametrize("written", [None, b"", b"{", b"[]", b'{"components": [{}]}', b'{"components": [7]}'])
def test_without_its_list_of_packages_a_run_is_unreadable(tmp_path: Path, written: bytes | None) -> None:
    def execute(command: Command) -> Output:
        if written is not None:
            (tmp_path / PACKAGES).write_bytes(written)
        return Output(report(), 0)

    target = Target("x", ("container-image",), subject="x")
    job = Job("grype", target, root=tmp_path, work=tmp_path, tool=Tool(Path("/grype"), "0.120.1", "store"))
    with pytest.raises(ScannerError) as caught:
        GRYPE.run(job, execute)
    assert caught.value.state is LedgerState.UNREADABLE


@pytest.mark.parametrize(
    "reference", ["sbom:/etc/passwd", "dir:/etc", "-o", "pkg:npm/a@1", "a b", "", "A/B", "a\nb", "file:x/y"]
)
def test_what_is_no_reference_is_not_asked_for(tmp_path: Path, reference: str) -> None:
    with pytest.raises(ScannerError, match="no image reference"):
        run(tmp_path, report(), subject=reference)


@pytest.mark.parametrize(
    "reference",
    [
        "debian",
        "debian:12",
        "shop/kettle:1.0",
        "127.0.0.1:5000/shop/kettle:1.0",
        "[::1]:5000/kettle",
        "registry.example/a/b__c/d-e@sha256:" + "a" * 64,
        "Registry.example/a:latest",
    ],
)
def test_a_reference_is_looked_for_with_daemons_and_then_in_its_registry(tmp_path: Path, reference: str) -> None:
    commands: list[Command] = []
    run(tmp_path, report(match(DEBIAN, artifact=LIBKETTLE)), LIBSSL, subject=reference, commands=commands)
    argv = commands[0].argv
    assert argv[-2:] == ("--", reference)
    sources = [argv[at + 1] for at, word in enumerate(argv) if word == "--from"]
    assert sources == ["docker", "podman", "containerd", "registry"]
    assert commands[0].network


@pytest.mark.parametrize(
    ("stderr", "reason", "mend"),
    [
        (
            "[0001] ERROR failed to catalog: errors occurred attempting to resolve:\n  - docker: docker not available"
            "\n  - oci-registry: GET https://me:secret@r/v2/: UNAUTHORIZED: authentication required\n  - oci-model: no",
            "the registry wants a login: oci-registry: GET",
            "docker login",
        ),
        ("ERROR x - oci-registry: MANIFEST_UNKNOWN: no such tag", "does not know the image", "tag"),
        ("ERROR x - oci-registry: dial tcp: connection refused", "registry cannot be reached", "docker save"),
        ("ERROR x: - docker: docker not available: no", "no registry was asked", "--offline"),
        ("\x1b[31mERROR unable to decode sbom: sbom format not recognized\x1b[0m", "no SBOM that Grype reads", "SPDX"),
        (
            "ERROR docker-archive: unable to provide image from tarball: archive/tar: bad",
            "neither a docker",
            "docker save",
        ),
        ("something else\nhappened", "grype ended with exit code 1: happened", ""),
        ("", "grype ended with exit code 1", ""),
    ],
)
def test_errors_are_told_in_plain_words(stderr: str, reason: str, mend: str) -> None:
    job = Job("grype", Target("x", ()), root=Path("/nowhere"), work=Path("/nowhere"))
    with pytest.raises(ScannerError) as caught:
        GRYPE.parse(Output(b"", 1, stderr), job)
    assert reason in caught.value.reason
    assert mend in caught.value.mend
    assert "secret" not in caught.value.reason
    assert "\x1b" not in caught.value.reason
