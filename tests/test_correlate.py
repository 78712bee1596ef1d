"""Several reports of one problem become one finding, nothing of them is lost, and two problems never become one."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scangate.correlate import correlate, correlate_documents
from scangate.model import (
    Category,
    Commit,
    Confidence,
    FileLocation,
    Finding,
    Fix,
    ImageLocation,
    PackageLocation,
    Rating,
    Relief,
    ResourceLocation,
    Rule,
    Severity,
    Source,
)
from scangate.purls import package_of


def found(scanner: str, rule: str, location: Any, category: Category = Category.CODE, **more: Any) -> Finding:
    severity = more.pop("severity", Severity.HIGH)
    ratings = more.pop("ratings", (Rating(source=scanner, severity=severity, word=str(severity).upper()),))
    return Finding(
        category=category,
        rule=Rule(id=rule, cwe=more.pop("cwe", ())),
        title=more.pop("title", f"{rule} as {scanner} words it"),
        severity=severity,
        ratings=ratings,
        location=location,
        sources=(Source(scanner=scanner, rule_id=rule),),
        **more,
    )


def code(scanner: str, rule: str, line: int, *, end: int = 0, column: int = 0, last: int = 0, **more: Any) -> Finding:
    """A finding in app.py; `column` and `last` are its first column and the one after its last."""
    place = FileLocation(
        path=more.pop("path", "app.py"),
        line=line,
        end_line=end or line,
        column=column or None,
        end_column=last or None,
        snippet=f"line {line}",
    )
    return found(scanner, rule, place, **more)


def package(scanner: str, *ids: str, purl: str = "pkg:pypi/jinja2@2.10", manifest: str = "r.txt", **m: Any) -> Finding:
    name, _, version = purl.partition("@")
    place = PackageLocation(purl=purl, name=name.rpartition("/")[2], version=version, manifest=manifest)
    return found(scanner, ids[0], place, Category.DEPENDENCY, ids=ids, **m)


def in_image(scanner: str, *ids: str, purl: str, path: str = "", ref: str = "app:1", **more: Any) -> Finding:
    place = ImageLocation(ref=ref, package=purl, path=path)
    return found(scanner, ids[0], place, Category.CONTAINER, ids=ids, **more)


def resource(scanner: str, rule: str, address: str, *lines: int, path: str = "main.tf", **more: Any) -> Finding:
    first, last = lines or (None, None)
    place = ResourceLocation(address=address, path=path, line=first, end_line=last)
    return found(scanner, rule, place, Category.IAC, **more)


def secret(scanner: str, line: int, hash_: str = "", *, end: int = 0, commit: str = "", **more: Any) -> Finding:
    place = FileLocation(
        path=more.pop("path", "conf.py"), line=line, end_line=end or line, commit=Commit(id=commit) if commit else None
    )
    return found(scanner, more.pop("rule", "generic"), place, Category.SECRET, secret=hash_, **more)


SAME = {
    "rules that say the same, at one place": (
        code("bandit", "B301", 7, column=5, last=30),
        code("semgrep", "python-unsafe-deserialization", 7, column=5, last=30),
    ),
    "the argument within the call": (
        code("bandit", "B602", 7, end=9, column=5, last=6),
        code("semgrep", "python-command-injection", 8, column=9, last=20),
    ),
    "an advisory under two names": (package("pip-audit", "GHSA-1"), package("trivy", "CVE-1", "GHSA-1")),
    "a name that links two others": (
        package("pip-audit", "PYSEC-1", "CVE-1"),
        package("trivy", "CVE-1", "GHSA-1"),
        package("grype", "GHSA-1"),
    ),
    "two matches of one scanner for one advisory": (package("grype", "GHSA-1", "CVE-1"), package("grype", "CVE-1")),
    "spellings of a PyPI name and version": (
        package("trivy", "CVE-1", purl="pkg:pypi/Ruamel.Yaml@0.15"),
        package("pip-audit", "CVE-1", purl="pkg:pypi/ruamel-yaml@0.15"),
    ),
    "an unknown version": (package("a", "CVE-1", purl="pkg:npm/x"), package("b", "CVE-1", purl="pkg:npm/x@1.0")),
    "qualifiers of a distribution's package": (
        in_image("trivy", "CVE-1", purl="pkg:deb/debian/libssl3@3.0?arch=amd64&epoch=1", path="var/lib/dpkg/status"),
        in_image("grype", "CVE-1", purl="pkg:deb/debian/libssl3@1:3.0?arch=amd64&distro=debian-12"),
    ),
    "a Go version with and without its v": (
        package("trivy", "CVE-1", purl="pkg:golang/github.com/BurntSushi/toml@v1.0.0"),
        package("osv-scanner", "CVE-1", purl="pkg:golang/github.com/BurntSushi/toml@1.0.0"),
    ),
    "a Go module whose name one scanner writes in lower case": (
        package("trivy", "CVE-1", purl="pkg:golang/github.com/burntsushi/toml@v1.0.0"),
        package("grype", "CVE-1", purl="pkg:golang/github.com/BurntSushi/toml@v1.0.0"),
    ),
    "two checks of one resource": (
        resource("checkov", "CKV_AWS_16", "aws_db_instance.main[0]", 16, 22),
        resource("trivy", "AVD-AWS-0080", "aws_db_instance.main[0]", 21, 21),
    ),
    "a resource of which Trivy names only the module": (
        resource("checkov", "CKV_AWS_3", "module.disk.aws_ebs_volume.data", 1, 4, path="m/main.tf"),
        resource("trivy", "AWS-0026", "module.disk", 1, 4, path="m/main.tf"),
    ),
    "two checks of a Dockerfile as a whole": (
        resource("checkov", "CKV_DOCKER_2", "", 1, 6, path="Dockerfile"),
        resource("trivy", "DS026", "", path="Dockerfile"),
    ),
    "a secret that one scanner masks": (secret("gitleaks", 3, "h"), secret("trivy", 3)),
    "a secret in the tree and in the history": (
        secret("gitleaks", 9, "h"),
        secret("gitleaks", 2, "h", commit="c" * 40),
    ),
}

APART = {
    "one advisory of two packages": (
        package("trivy", "CVE-1", purl="pkg:npm/a@1"),
        package("grype", "CVE-1", purl="pkg:npm/b@1"),
    ),
    "one name in two ecosystems": (
        package("trivy", "CVE-1", purl="pkg:npm/x@1"),
        package("grype", "CVE-1", purl="pkg:pypi/x@1"),
    ),
    "two advisories of one package": (package("trivy", "CVE-1"), package("grype", "CVE-2")),
    "two versions in one lock file": (
        package("trivy", "CVE-1", purl="pkg:npm/x@1"),
        package("grype", "CVE-1", purl="pkg:npm/x@2"),
    ),
    "two manifests": (package("trivy", "CVE-1", manifest="a.txt"), package("grype", "CVE-1", manifest="b.txt")),
    "two images": (
        in_image("trivy", "CVE-1", purl="pkg:apk/alpine/zlib@1", ref="a:1"),
        in_image("grype", "CVE-1", purl="pkg:apk/alpine/zlib@1", ref="b:1"),
    ),
    "two copies of a library in an image": (
        in_image("trivy", "CVE-1", purl="pkg:npm/x@1", path="app/node_modules/x/package.json"),
        in_image("grype", "CVE-1", purl="pkg:npm/x@1", path="opt/node_modules/x/package.json"),
    ),
    "an advisory of a distribution that mends two": (package("a", "CVE-1", "DSA-1"), package("b", "CVE-2", "DSA-1")),
    "two calls on one line": (
        code("bandit", "B301", 7, column=5, last=20),
        code("semgrep", "python-unsafe-deserialization", 7, column=30, last=50),
    ),
    "one weakness, two rules": (
        code("bandit", "B603", 7, cwe=(78,)),
        code("semgrep", "python-command-injection", 7, cwe=(78,)),
    ),
    "adjacent lines": (code("bandit", "B301", 7), code("semgrep", "python-unsafe-deserialization", 8)),
    "two files": (
        code("bandit", "B301", 7),
        code("semgrep", "python-unsafe-deserialization", 7, path="b.py"),
    ),
    "a check that overlaps with another": (
        resource("checkov", "CKV_AWS_24", "aws_security_group.web", 1, 9),
        resource("trivy", "AWS-0107", "aws_security_group.web", 4, 4),
    ),
    "one check on two resources": (
        resource("checkov", "CKV_AWS_16", "aws_db_instance.a", 1, 5),
        resource("trivy", "AWS-0080", "aws_db_instance.b", 1, 5),
    ),
    "two secrets of one file": (secret("gitleaks", 3, "h"), secret("trivy", 3, "i")),
    "a secret on another line": (secret("gitleaks", 3, "h"), secret("trivy", 4)),
}


@pytest.mark.parametrize("reports", SAME.values(), ids=SAME)
def test_one_problem_is_one_finding(reports: tuple[Finding, ...]) -> None:
    (problem,) = correlate(reports, None)
    assert {s.scanner for s in problem.sources} == {s.scanner for report in reports for s in report.sources}
    assert problem.joined
    alone = {correlate([report], None)[0].id for report in reports}
    assert {source.id for source in problem.sources} >= alone
    assert problem.id in alone


@pytest.mark.parametrize("reports", APART.values(), ids=APART)
def test_two_problems_stay_two(reports: tuple[Finding, ...]) -> None:
    problems = correlate(reports, None)
    assert len(problems) == len({problem.id for problem in problems}) == 2
    assert not any(problem.joined for problem in problems)


def test_an_advisory_of_what_several_problems_have_in_common_unites_none_of_them() -> None:
    shared = ("CVE-1", "CVE-2", "CVE-3", "CVE-4", "GHSA-1", "GHSA-2", "GHSA-3", "GHSA-4", "GO-2022-0586")
    each = [package("osv-scanner", f"CVE-{n}", f"GHSA-{n}", "GO-2022-0586") for n in range(1, 5)]
    others = [package("trivy", f"CVE-{n}") for n in range(1, 5)]
    problems = correlate([*each, *others, package("grype", *shared)], None)
    assert sorted(len(problem.sources) for problem in problems) == [1, 2, 2, 2, 2]
    (advisory,) = [problem for problem in problems if len(problem.sources) == 1]
    assert {*advisory.related} == {problem.id for problem in problems if problem is not advisory}


def test_where_one_report_could_mean_either_of_two_all_stay_apart_and_name_each_other() -> None:
    lines = code("bandit", "B602", 3, end=9)
    first, second = (code("semgrep", "python-command-injection", line) for line in (4, 6))
    problems = correlate([lines, first, second], None)
    by_line = {problem.line: problem for problem in problems}
    assert {*by_line[3].related} == {by_line[4].id, by_line[6].id}
    assert by_line[4].related == (by_line[3].id,)


def test_twins_on_a_line_are_paired_by_their_columns() -> None:
    reports = [code("bandit", "B301", 3, column=c, last=c + 9) for c in (1, 20)]
    reports += [code("semgrep", "python-unsafe-deserialization", 3, column=c, last=c + 9) for c in (1, 20)]
    assert [len(problem.sources) for problem in correlate(reports, None)] == [2, 2]


def test_no_third_scanner_chains_two_findings_of_one() -> None:
    reports = [package("trivy", "CVE-1", "GHSA-1"), package("trivy", "CVE-2", "GHSA-1"), package("grype", "GHSA-1")]
    assert len(correlate(reports, None)) == 3


def test_one_line_and_one_weakness_relate() -> None:
    reports = APART["one weakness, two rules"]
    first, second = correlate(reports, None)
    assert (first.related, second.related) == ((second.id,), (first.id,))


def test_the_most_precise_rating_counts_and_not_the_worst() -> None:
    vendor = Rating(source="trivy:debian", severity=Severity.LOW, method="word:vendor", word="low")
    scored = Rating(source="nvd", severity=Severity.CRITICAL, method="CVSS:3.1", score=9.8)
    reports = [
        in_image("trivy", "CVE-1", purl="pkg:deb/debian/z@1", ratings=(vendor,), severity=Severity.LOW),
        in_image("grype", "CVE-1", purl="pkg:deb/debian/z@1", ratings=(scored,), severity=Severity.CRITICAL),
    ]
    (problem,) = correlate(reports, None)
    assert (problem.severity, problem.severity_from) == (Severity.LOW, "trivy:debian says 'low'")
    assert {*problem.ratings} == {vendor, scored}


def test_our_own_guess_gives_way_to_a_scanner_that_rates() -> None:
    guess = Rating(source="scangate", severity=Severity.MEDIUM, word="default")
    checkov, trivy = SAME["two checks of one resource"]
    checkov = checkov.model_copy(update={"ratings": (guess,), "severity": Severity.MEDIUM})
    said = Rating(source="trivy", severity=Severity.LOW, word="LOW")
    trivy = trivy.model_copy(update={"ratings": (said,), "severity": Severity.LOW})
    (problem,) = correlate([checkov, trivy], None)
    assert (problem.severity, {*problem.ratings}) == (Severity.LOW, {guess, said})


MARK = Relief(kind="inline", by="nosec B301", reason="our own data")


def test_a_mark_for_one_scanner_silences_no_other() -> None:
    bandit, semgrep = SAME["rules that say the same, at one place"]
    (problem,) = correlate([bandit.model_copy(update={"relief": (MARK,)}), semgrep], None)
    assert problem.relief == ()
    assert any("nosec B301" in reason and "bandit" in reason for reason in problem.joined)


def test_marks_for_every_scanner_relieve_the_finding() -> None:
    bandit, semgrep = SAME["rules that say the same, at one place"]
    other = Relief(kind="inline", by="nosemgrep")
    reports = [bandit.model_copy(update={"relief": (MARK,)}), semgrep.model_copy(update={"relief": (other,)})]
    (problem,) = correlate(reports, None)
    assert {*problem.relief} == {MARK, other}


def test_what_one_does_not_know_the_other_tells() -> None:
    place = PackageLocation(purl="pkg:npm/x", name="x", manifest="p", line=4, direct=False, scope="dev")
    vague = found("npm-audit", "GHSA-1", place, Category.DEPENDENCY, ids=("GHSA-1",), confidence=Confidence.HIGH)
    fix = Fix(state="available", versions=("1.2",))
    exact = package("trivy", "CVE-1", "GHSA-1", purl="pkg:npm/x@1", manifest="p", fix=fix, cwe=(79,))
    (problem,) = correlate([vague, exact], None)
    location = problem.location
    assert isinstance(location, PackageLocation)
    assert (location.version, location.line, location.direct, location.scope) == ("1", 4, False, "dev")
    assert (problem.ids, problem.fix, problem.rule.cwe) == (("CVE-1", "GHSA-1"), fix, (79,))
    assert problem.confidence is Confidence.HIGH


def test_each_report_keeps_its_words_and_its_place() -> None:
    (problem,) = correlate(SAME["the argument within the call"], None)
    told = {(source.scanner, source.title, source.place) for source in problem.sources}
    assert ("bandit", "B602 as bandit words it", "app.py:7") in told
    assert ("semgrep", "python-command-injection as semgrep words it", "app.py:8") in told


def test_a_secret_keeps_todays_place_and_names_the_commit() -> None:
    (problem,) = correlate(SAME["a secret in the tree and in the history"], None)
    assert isinstance(problem.location, FileLocation)
    assert (problem.location.line, problem.location.commit) == (9, Commit(id="c" * 40))
    (alone,) = correlate([secret("gitleaks", 9, "h")], None)
    assert problem.id == alone.id


@pytest.mark.parametrize("reports", SAME.values(), ids=SAME)
def test_documents_of_one_scanner_each_become_one(reports: tuple[Finding, ...]) -> None:
    scanners = {report.sources[0].scanner for report in reports}
    documents = [correlate([r for r in reports if r.sources[0].scanner == name], None) for name in scanners]
    problems = correlate_documents(found for document in documents for found in document)
    together = correlate(reports, None)
    assert [(p.id, {*p.sources}) for p in problems] == [(p.id, {*p.sources}) for p in together]


def test_a_masked_secret_joins_neither_of_two_on_its_line() -> None:
    problems = correlate([secret("gitleaks", 3, "h"), secret("gitleaks", 3, "i"), secret("trivy", 3)], None)
    (masked,) = [problem for problem in problems if not problem.secret]
    assert {*masked.related} == {problem.id for problem in problems if problem.secret}


def test_a_masked_secret_joins_none_of_its_own_scanner() -> None:
    assert len(correlate([secret("gitleaks", 3, "h"), secret("gitleaks", 3)], None)) == 2


def test_what_one_document_has_alone_and_another_in_a_group_is_one_finding() -> None:
    together = correlate(SAME["rules that say the same, at one place"], None)
    for report in SAME["rules that say the same, at one place"]:
        assert correlate_documents([*correlate([report], None), *together]) == together


def test_a_masked_secret_joins_one_of_the_tree_and_the_history() -> None:
    tree_and_history = SAME["a secret in the tree and in the history"]
    masked = secret("trivy", 9)
    together = correlate([*tree_and_history, masked], None)
    assert len(together) == 1
    apart = [*correlate(tree_and_history, None), *correlate([masked], None)]
    assert [problem.id for problem in correlate_documents(apart)] == [together[0].id]


def test_related_ids_follow_a_finding_into_its_group() -> None:
    first, second = correlate(APART["one weakness, two rules"], None)
    (third,) = correlate([code("bandit", "B602", 7)], None)
    problems = correlate_documents([first, second, third])
    (group,) = [problem for problem in problems if problem.joined]
    (other,) = [problem for problem in problems if not problem.joined]
    assert other.related == (group.id,)


LINES = st.integers(1, 6)
CODE = st.builds(
    lambda rule, line, height, column: code(rule[0], rule[1], line, end=line + height, column=column, last=column + 9),
    st.sampled_from(
        [
            ("bandit", "B301"),
            ("bandit", "B602"),
            ("semgrep", "python-unsafe-deserialization"),
            ("semgrep", "python-command-injection"),
            ("semgrep", "python-shell-string-format"),
        ]
    ),
    LINES,
    st.integers(0, 2),
    st.sampled_from([1, 5, 20]),
)
PACKAGES = st.builds(
    lambda scanner, ids, purl: package(scanner, *ids, purl=purl),
    st.sampled_from(["trivy", "grype", "osv-scanner"]),
    st.lists(st.sampled_from(["CVE-1", "CVE-2", "GHSA-1", "GHSA-2", "PYSEC-1", "DSA-1"]), min_size=1, unique=True),
    st.sampled_from(["pkg:npm/x@1", "pkg:npm/x@2", "pkg:npm/x", "pkg:npm/y@1", "pkg:pypi/x@1"]),
)
RESOURCES = st.builds(
    lambda rule, address, line: resource(rule[0], rule[1], address, line, line + 2),
    st.sampled_from(
        [("checkov", "CKV_AWS_16"), ("trivy", "AWS-0080"), ("trivy", "AWS-0107"), ("checkov", "CKV_AWS_24")]
    ),
    st.sampled_from(["aws_db_instance.a", "aws_db_instance.b[0]", "module.m", "module.m.aws_db_instance.a", ""]),
    LINES,
)
SECRETS = st.builds(
    lambda scanner, line, hash_, commit: secret(scanner, line, hash_, commit=commit),
    st.sampled_from(["gitleaks", "trivy", "checkov"]),
    LINES,
    st.sampled_from(["", "h", "i"]),
    st.sampled_from(["", "c" * 40]),
)
REPORTS = st.lists(CODE | PACKAGES | RESOURCES | SECRETS, max_size=12)


@given(REPORTS, st.randoms())
def test_the_order_of_reports_does_not_matter(reports: list[Finding], chance: random.Random) -> None:
    shuffled = [*reports]
    chance.shuffle(shuffled)
    assert correlate(shuffled, None) == correlate(reports, None)


@given(REPORTS)
def test_problems_of_problems_are_the_same(reports: list[Finding]) -> None:
    once = correlate(reports, None)
    assert correlate_documents(once) == once


@given(REPORTS)
def test_nothing_that_a_scanner_said_is_lost(reports: list[Finding]) -> None:
    problems = correlate(reports, None)
    for report in reports:
        named = [p for p in problems if {(s.scanner, s.rule_id) for s in p.sources} >= {_said(report)}]
        assert any({*p.ids} >= {*report.ids} and {*p.ratings} >= {*report.ratings} for p in named)
    assert len({problem.id for problem in problems}) == len(problems)


def _said(report: Finding) -> tuple[str, str]:
    return report.sources[0].scanner, report.sources[0].rule_id


@given(st.lists(PACKAGES, max_size=12))
def test_no_problem_is_of_two_packages_or_versions(reports: list[Finding]) -> None:
    alone = {correlate([report], None)[0].id: report.location for report in reports}
    for problem in correlate(reports, None):
        places = [alone[source.id] for source in problem.sources if source.id in alone]
        packages = [place for place in places if isinstance(place, PackageLocation)]
        assert len({package_of(place.purl) for place in packages}) <= 1


@given(st.lists(CODE | RESOURCES, max_size=12))
def test_no_problem_holds_two_findings_of_one_scanner(reports: list[Finding]) -> None:
    for problem in correlate(reports, None):
        scanners = [source.scanner for source in problem.sources]
        assert len(set(scanners)) == len(scanners)
