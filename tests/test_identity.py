"""Fingerprints: stable where the problem is the same, different where it is not."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scangate.identity import fingerprint, identify
from scangate.model import (
    Category,
    Commit,
    FileLocation,
    Finding,
    ImageLocation,
    Location,
    PackageLocation,
    ResourceLocation,
    Rule,
    Severity,
    Source,
    WebLocation,
)


def finding(location: Location, *, rule: str = "B602", category: Category = Category.CODE, **more: Any) -> Finding:
    return Finding(
        category=category,
        rule=Rule(id=rule),
        title="a problem",
        severity=Severity.HIGH,
        location=location,
        sources=(Source(scanner="bandit", rule_id=rule),),
        **more,
    )


def ids(*findings: Finding, root: Path | None = None) -> list[str]:
    return [found.id for found in identify(findings, root)]


def code(line: int, snippet: str = "eval(x)", path: str = "app.py", scope: str = "") -> Finding:
    return finding(FileLocation(path=path, line=line, snippet=snippet, scope=scope))


def test_a_finding_that_moves_keeps_its_fingerprint() -> None:
    assert ids(code(3)) == ids(code(300))


@pytest.mark.parametrize(
    "other",
    [
        code(3, snippet="eval(y)"),
        code(3, path="other.py"),
        code(3, scope="main"),
        finding(FileLocation(path="app.py", line=3, snippet="eval(x)"), rule="B307"),
    ],
)
def test_another_problem_has_another_fingerprint(other: Finding) -> None:
    assert ids(code(3)) != ids(other)


def test_white_space_and_suppression_comments_are_not_identity() -> None:
    assert ids(code(3, "eval( x )  # nosec B307")) == ids(code(3, "eval(x)"))


def test_severity_message_and_version_are_not_identity() -> None:
    worse = code(3).model_copy(update={"severity": Severity.LOW, "message": "other words"})
    assert ids(worse) == ids(code(3))


def test_twins_in_one_file_are_told_apart_in_file_order() -> None:
    first, second = ids(code(30), code(3))
    assert first != second
    assert ids(code(3)) == [first]


def test_the_scope_is_the_definition_around_the_line(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("class Shop:\n    def pay(self):\n        eval(x)\n\neval(x)\n")
    inner, outer = identify([code(3), code(5)], tmp_path)
    assert isinstance(inner.location, FileLocation)
    assert inner.location.scope == "Shop.pay"
    assert inner.id != outer.id


def test_scopes_of_other_languages_come_from_headers(tmp_path: Path) -> None:
    (tmp_path / "shop.js").write_text("class Shop {\n  pay() {\n  }\n}\nfunction main() {\n  eval(x)\n}\n")
    (found,) = identify([code(6, path="shop.js")], tmp_path)
    assert isinstance(found.location, FileLocation)
    assert found.location.scope == "main"


def package(version: str, *known_as: str, manifest: str = "requirements.txt") -> Finding:
    location = PackageLocation(purl=f"pkg:pypi/jinja2@{version}", name="jinja2", version=version, manifest=manifest)
    return finding(location, rule=known_as[0], category=Category.DEPENDENCY, ids=known_as)


def test_a_version_bump_without_a_fix_is_the_same_finding() -> None:
    assert ids(package("2.10", "CVE-2019-10906")) == ids(package("2.9", "CVE-2019-10906"))


def test_the_same_advisory_in_another_manifest_is_another_finding() -> None:
    assert ids(package("2.10", "CVE-1")) != ids(package("2.10", "CVE-1", manifest="other/requirements.txt"))


def resource(address: str, line: int) -> Finding:
    place = ResourceLocation(address=address, path="main.tf", line=line)
    return finding(place, rule="CKV_AWS_20", category=Category.IAC)


def test_a_resource_is_its_address() -> None:
    assert ids(resource("aws_s3_bucket.a", 1)) == ids(resource("aws_s3_bucket.a", 9))
    assert ids(resource("aws_s3_bucket.a", 1)) != ids(resource("aws_s3_bucket.b", 1))


def test_a_web_page_is_its_route_not_its_host_or_values() -> None:
    def page(url: str) -> Finding:
        return finding(WebLocation(url=url, method="get", param="q"), category=Category.WEB)

    one = ids(page("http://a.example/orders/17?q=1"))
    assert one == ids(page("https://b.example:8443/orders/2931?q=2"))
    assert one != ids(page("http://a.example/carts/17"))


def test_a_route_that_the_scanner_knows_is_the_identity_of_a_web_page() -> None:
    def page(url: str, *, evidence: str = "") -> Finding:
        place = WebLocation(url=url, method="GET", param="q", route="/shops/{}", evidence=evidence)
        return finding(place, category=Category.WEB)

    one = ids(page("http://a.example/shops/north"))
    assert one == ids(page("http://a.example/shops/south?q=2", evidence="<b>"))
    assert one == ids(finding(WebLocation(url="/shops/17", method="get", param="q"), category=Category.WEB))


def test_what_is_true_of_a_whole_site_is_one_finding_wherever_it_was_seen() -> None:
    pages = (WebLocation(url=f"http://a.example/{name}", route="*") for name in ("", "login", "orders/3"))
    assert len({tuple(ids(finding(page, category=Category.WEB))) for page in pages}) == 1


@given(st.lists(st.text(max_size=6), max_size=4), st.lists(st.text(max_size=6), max_size=4))
def test_only_equal_parts_have_equal_fingerprints(one: list[str], two: list[str]) -> None:
    assert (fingerprint("code", one) == fingerprint("code", two)) is (one == two)


@given(st.permutations([code(1), code(2), code(3, "exec(y)"), package("1", "CVE-1"), resource("a.b", 4)]))
def test_the_order_of_findings_changes_nothing(findings: list[Finding]) -> None:
    assert ids(*findings) == ids(*sorted(findings, key=str))


@given(st.text(alphabet=st.characters(codec=None), max_size=30), st.text(max_size=10))
def test_hostile_text_has_a_fingerprint_too(snippet: str, path: str) -> None:
    (found,) = ids(code(1, snippet=snippet, path=path))
    assert found.startswith("v1:code:")


@pytest.mark.parametrize(("name", "text"), [("a.js", "  eval(x)\n"), ("a.py", "def f(a): eval(a)\n")])
def test_many_findings_in_one_long_file_take_no_time(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text * 20_000)
    findings = [finding(FileLocation(path=name, line=line)) for line in range(1, 20_001)]
    begun = time.process_time()
    identify(findings, tmp_path)
    assert time.process_time() - begun < 10


def test_no_warning_about_the_source_reaches_the_terminal(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    (tmp_path / "a.py").write_text("x = '\\\x1b]0;title'\nassert (1, 2)\n")
    identify([finding(FileLocation(path="a.py", line=1))], tmp_path)
    assert not recwarn.list


HASH, OTHER_HASH = "a" * 16, "b" * 16


def secret(line: int, *, known_by: str = HASH, path: str = ".env", **place: Any) -> Finding:
    location = FileLocation(path=path, line=line, snippet=f"{line}=****", **place)
    return finding(location, rule="github-pat", category=Category.SECRET, secret=known_by)


def test_a_secret_is_its_hash_in_its_file_wherever_it_stands() -> None:
    assert ids(secret(1)) == ids(secret(9))
    assert ids(secret(1)) != ids(secret(1, known_by=OTHER_HASH))
    assert ids(secret(1)) != ids(secret(1, path="app.env"))


def test_a_secret_of_the_tree_and_of_the_history_is_the_same_finding() -> None:
    tree, history = ids(secret(1), secret(7, commit=Commit(id="a" * 40)))
    assert tree == history


def test_secrets_that_are_not_told_are_known_by_their_masked_lines_and_length() -> None:
    one = secret(1, known_by="", column=5, end_column=45)
    assert ids(one) == ids(one.model_copy(update={"message": "other words"}))
    assert ids(one) != ids(secret(1, known_by="", column=5, end_column=46))
    assert ids(one) != ids(secret(2, known_by="", column=5, end_column=45)), "another snippet"
    first, second = ids(one, one)
    assert first != second, "two alike are two"


def test_a_secret_in_an_image_is_known_by_the_image_without_its_tag() -> None:
    def found(ref: str) -> Finding:
        place = ImageLocation(ref=ref, path="/root/.npmrc")
        return finding(place, rule="npm-access-token", category=Category.SECRET, secret=HASH)

    assert ids(found("shop:1")) == ids(found("shop:2")) != ids(found("cart:1"))


def test_a_place_of_the_history_has_no_definition_of_todays_file_around_it(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("def main():\n    eval(x)\n")
    (found,) = identify([secret(2, path="app.py", commit=Commit(id="a" * 40))], tmp_path)
    assert isinstance(found.location, FileLocation)
    assert not found.location.scope


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("shop:1.0", "shop:1.1", True),
        ("shop:1.0", "shop@sha256:00ff", True),
        ("host.example:5000/shop", "host.example:5000/shop:2", True),
        ("host.example:5000/shop", "host.example:5000/cart", False),
        ("host.example:5000/shop", "host.example:5001/shop", False),
    ],
)
def test_an_image_is_known_by_its_name_without_tag_and_digest(one: str, other: str, same: bool) -> None:
    places = (ImageLocation(ref=ref, package="pkg:deb/debian/curl@1") for ref in (one, other))
    known = [ids(finding(place, category=Category.CONTAINER, ids=("CVE-2099-1",))) for place in places]
    assert (known[0] == known[1]) is same
