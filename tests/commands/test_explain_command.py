"""`scangate explain` of a finding that several scanners reported, by any of the fingerprints it has had."""

from __future__ import annotations

from pathlib import Path

import pytest

from scangate.commands import explain
from scangate.correlate import correlate
from scangate.document import Results, RunInfo
from scangate.errors import UsageError
from scangate.model import Category, FileLocation, Finding, ImageLocation, Rating, Rule, Severity, Source


def report(scanner: str, rule: str, severity: Severity) -> Finding:
    return Finding(
        category=Category.CODE,
        rule=Rule(id=rule),
        title=f"what {scanner} says",
        severity=severity,
        ratings=(Rating(source=scanner, severity=severity, word=severity.upper()),),
        location=FileLocation(path="app.py", line=3, snippet="pickle.loads(x)"),
        sources=(Source(scanner=scanner, rule_id=rule),),
    )


REPORTS = (
    report("bandit", "B301", Severity.MEDIUM),
    report("semgrep", "python-unsafe-deserialization", Severity.HIGH),
)


@pytest.fixture
def document(tmp_path: Path) -> Path:
    file = tmp_path / "results.json"
    results = Results(run=RunInfo(id="r", started="2026-11-23T10:00:00Z"), findings=correlate(REPORTS, None))
    file.write_text(results.model_dump_json())
    return file


@pytest.mark.parametrize("alone", REPORTS, ids=lambda one: one.sources[0].scanner)
def test_any_members_fingerprint_finds_the_group(
    alone: Finding, document: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (before,) = correlate([alone], None)
    assert explain.run(before.id, document) == 0
    text = capsys.readouterr().out
    for words in ("what bandit says, at app.py:3", "what semgrep says", "say the same", "medium by bandit", before.id):
        assert words in text, words


def test_a_fingerprint_of_nothing_is_refused(document: Path) -> None:
    with pytest.raises(UsageError, match="no finding's id begins"):
        explain.run("v1:code:zzzz", document)


def test_what_is_in_an_image_is_told_with_its_file_and_layer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = ImageLocation(
        ref="shop.tar",
        layer="sha256:0a1b",
        created_by="COPY app /app # buildkit",
        base=False,
        package="pkg:pypi/jinja2@2.10",
        path="app/METADATA",
        line=3,
    )
    finding = REPORTS[0].model_copy(update={"category": Category.CONTAINER, "location": place})
    file = tmp_path / "results.json"
    results = Results(run=RunInfo(id="r", started="2026-11-23T10:00:00Z"), findings=correlate([finding], None))
    file.write_text(results.model_dump_json())
    assert explain.run(results.findings[0].id, file) == 0
    lines = [line.split(":", 1) for line in capsys.readouterr().out.splitlines() if ":" in line]
    told = {name.strip(): words.strip() for name, words in lines}
    expected = {
        "where": "shop.tar",
        "package": "pkg:pypi/jinja2@2.10",
        "file": "app/METADATA:3",
        "layer": "sha256:0a1b (own layer)",
        "made by": "COPY app /app # buildkit",
    }
    assert told | expected == told
