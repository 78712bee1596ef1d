"""Versions of poms, against what Maven would use."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scangate.model import Skip
from scangate.scanners.interface import ScannerError
from scangate.scanners.maven import Artifact, MavenTree
from scangate.scanners.pom import read_pom


def coordinates(group: str, artifact: str, version: str = "") -> str:
    stated = f"<version>{version}</version>" if version else ""
    return f"<groupId>{group}</groupId><artifactId>{artifact}</artifactId>{stated}"


def dependency(group: str, artifact: str, version: str = "", more: str = "") -> str:
    return f"<dependency>{coordinates(group, artifact, version)}{more}</dependency>"


def parent(group: str, artifact: str, version: str, path: str | None = None) -> str:
    where = "" if path is None else f"<relativePath>{path}</relativePath>"
    return f"<parent>{coordinates(group, artifact, version)}{where}</parent>"


def properties(**values: str) -> str:
    return f"<properties>{''.join(f'<{name}>{value}</{name}>' for name, value in values.items())}</properties>"


def managed(*entries: str) -> str:
    return f"<dependencyManagement><dependencies>{''.join(entries)}</dependencies></dependencyManagement>"


def uses(*entries: str) -> str:
    return f"<dependencies>{''.join(entries)}</dependencies>"


def bom(group: str, artifact: str, version: str) -> str:
    return dependency(group, artifact, version, "<type>pom</type><scope>import</scope>")


def pom(*parts: str) -> str:
    return f'<project xmlns="http://maven.apache.org/POM/4.0.0">{"".join(parts)}</project>'


def read(tree_root: Path, /, *wanted: str, **files: str) -> tuple[list[str], list[str]]:
    """Poms by folder (`root` is that of the tree, `__` parts folders): exact dependencies, and reasons."""
    paths = {}
    for name, text in files.items():
        folder = "" if name == "root" else f"{name.replace('__', '/')}/"
        paths[name] = f"{folder}pom.xml"
        (tree_root / folder).mkdir(parents=True, exist_ok=True)
        (tree_root / folder / "pom.xml").write_text(text, encoding="utf-8")
    tree = MavenTree(tree_root, list(paths.values()))
    found = [item for name in wanted or paths for item in tree.dependencies(paths[name])]
    exact = [f"{item.group}:{item.artifact}:{item.version}" for item in found if isinstance(item, Artifact)]
    return exact, [item.reason for item in found if isinstance(item, Skip)]


ROOT = coordinates("org.acme", "root", "1.0")
ABOVE = parent("org.acme", "root", "1.0")


@pytest.mark.parametrize(
    ("version", "defined", "expected"),
    [
        ("2.1", {}, "2.1"),
        ("${v}", {"v": "2.1"}, "2.1"),
        ("${v}", {"v": "${major}.${minor}", "major": "2", "minor": "1"}, "2.1"),
        ("${project.version}", {}, "1.0"),
        ("${pom.version}", {}, "1.0"),
        ("${version}", {}, "1.0"),
        ("${project.artifactId}-${version}", {}, "root-1.0"),
        (" 2.1\n", {}, "2.1"),
        ("[2.1]", {}, "2.1"),
        ("1.0-SNAPSHOT", {}, "1.0-SNAPSHOT"),
        ("5.3.1.RELEASE+build~1", {}, "5.3.1.RELEASE+build~1"),
    ],
)
def test_versions_that_the_pom_tells(tmp_path: Path, version: str, defined: dict[str, str], expected: str) -> None:
    text = pom(ROOT, properties(**defined), uses(dependency("g", "a", version)))
    assert read(tmp_path, root=text) == ([f"g:a:{expected}"], [])


@pytest.mark.parametrize(
    ("version", "defined", "reason"),
    [
        ("", {}, "its version is not in the tree"),
        ("${none}", {}, "${none} has no value in the tree"),
        ("${env.HOME}", {}, "${env.HOME} has no value"),
        ("${a}", {"a": "${b}", "b": "${a}"}, "round in circles"),
        ("${a}", {"a": "${a}${a}"}, "round in circles"),
        ("[1.0,2.0)", {}, "has no exact version but '[1.0,2.0)'"),
        ("LATEST", {}, "has no exact version but 'LATEST'"),
        ("1 2", {}, "'1 2' is no version"),
        ("1&#10;2", {}, "is no version"),
    ],
)
def test_versions_that_stay_open(tmp_path: Path, version: str, defined: dict[str, str], reason: str) -> None:
    exact, reasons = read(tmp_path, root=pom(ROOT, properties(**defined), uses(dependency("g", "a", version))))
    assert not exact
    assert reason in reasons[0]
    assert reasons[0].startswith("line 1: g:a: ")


def test_inherited_management_and_properties(tmp_path: Path) -> None:
    above = pom(
        ROOT,
        properties(spring="5.0", own="${project.artifactId}"),
        managed(dependency("org.spring", "core", "${spring}"), dependency("g", "sibling", "${project.version}")),
    )
    below = pom(
        ABOVE,
        "<artifactId>app</artifactId><version>7</version>",
        properties(spring="5.3"),
        uses(dependency("org.spring", "core"), dependency("g", "sibling"), dependency("g", "${own}", "3")),
    )
    exact, reasons = read(tmp_path, "app", root=above, app=below)
    # Values are filled in after inheritance: the child's spring, version and name count.
    assert exact == ["org.spring:core:5.3", "g:sibling:7", "g:app:3"]
    assert not reasons


def test_an_explicit_version_beats_a_managed_one_and_the_nearest_management_counts(tmp_path: Path) -> None:
    above = pom(ROOT, managed(dependency("g", "a", "1"), dependency("g", "b", "1"), dependency("g", "c", "1")))
    below = pom(
        ABOVE,
        "<artifactId>app</artifactId>",
        managed(dependency("g", "b", "2")),
        uses(dependency("g", "a", "3"), dependency("g", "b"), dependency("g", "c")),
    )
    assert read(tmp_path, "app", root=above, app=below)[0] == ["g:a:3", "g:b:2", "g:c:1"]


def test_management_tells_types_and_classifiers_apart(tmp_path: Path) -> None:
    tests = "<type>test-jar</type>"
    text = pom(
        ROOT,
        managed(dependency("g", "a", "1"), dependency("g", "a", "2", tests)),
        uses(
            dependency("g", "a", more=tests),
            dependency("g", "a"),
            dependency("g", "a", more="<classifier>x</classifier>"),
        ),
    )
    exact, reasons = read(tmp_path, root=text)
    assert exact == ["g:a:2", "g:a:1"]
    assert "not in the tree" in reasons[0]


def test_boms_of_the_tree(tmp_path: Path) -> None:
    first = pom(
        coordinates("org.acme", "bom", "2"),
        properties(v="1.1"),
        managed(dependency("g", "a", "${v}"), bom("org.acme", "inner", "3"), dependency("g", "d", "${later}")),
    )
    inner = pom(coordinates("org.acme", "inner", "3"), managed(dependency("g", "a", "9"), dependency("g", "b", "9")))
    second = pom(coordinates("org.acme", "other", "4"), managed(dependency("g", "b", "8"), dependency("g", "c", "8")))
    text = pom(
        ROOT,
        properties(later="6", v="7"),
        managed(bom("org.acme", "bom", "2"), bom("org.acme", "other", "4"), bom("org.absent", "bom", "5")),
        uses(*(dependency("g", name) for name in "abcde")),
    )
    exact, reasons = read(tmp_path, "root", root=text, bom=first, inner=inner, other=second)
    # The first import counts, a BOM's properties are its own, and what it imports comes before the next import.
    assert exact == ["g:a:1.1", "g:b:9", "g:c:8"]
    assert "${later} has no value in the tree" in reasons[0]
    assert reasons[1].endswith("its version is not in the tree; not in the tree: the BOM org.absent:bom:5")


def test_boms_that_import_each_other(tmp_path: Path) -> None:
    one = pom(
        coordinates("g", "one", "1"),
        managed(bom("g", "two", "1"), dependency("g", "a", "1")),
        uses(dependency("g", "b")),
    )
    two = pom(coordinates("g", "two", "1"), managed(bom("g", "one", "1"), dependency("g", "b", "2")))
    assert read(tmp_path, "one", one=one, two=two)[0] == ["g:b:2"]


@pytest.mark.parametrize(
    ("above", "found"),
    [
        (parent("org.acme", "root", "1.0"), True),
        (parent("org.acme", "root", "1.0", "../../pom.xml"), True),  # wrong path: found by its coordinates
        (parent("org.acme", "root", "1.0", "../"), True),
        (parent("org.acme", "root", "1.0", "..\\pom.xml"), True),
        (parent("org.acme", "root", "1.0", ""), True),
        (parent("org.acme", "root", "${revision}"), True),
        (parent("org.acme", "root", "2.0"), False),
        (parent("org.other", "root", "1.0"), False),
        (parent("org.other", "root", "1.0", "/etc/passwd"), False),
    ],
)
def test_where_parents_are_looked_for(tmp_path: Path, above: str, found: bool) -> None:
    below = pom(above, "<artifactId>app</artifactId>", uses(dependency("g", "a", "${v}")))
    exact, reasons = read(tmp_path, "app", root=pom(ROOT, properties(v="4")), app=below)
    assert exact == (["g:a:4"] if found else [])
    assert found or "not in the tree: the parent org." in reasons[0]


def test_a_parent_from_elsewhere_is_named_where_it_matters(tmp_path: Path) -> None:
    boot = parent("org.springframework.boot", "spring-boot-starter-parent", "2.7.0", "")
    text = pom(boot, "<artifactId>app</artifactId>", uses(dependency("g", "a", "1"), dependency("g", "b")))
    exact, reasons = read(tmp_path, root=text)
    assert exact == ["g:a:1"]
    assert len(reasons) == 1
    assert "the parent org.springframework.boot:spring-boot-starter-parent:2.7.0" in reasons[0]


def test_inherited_dependencies_are_the_parents_unless_they_differ(tmp_path: Path) -> None:
    above = pom(
        ROOT, properties(v="1"), uses(dependency("g", "a", "${v}"), dependency("g", "b", "1"), dependency("g", "c"))
    )
    same = pom(ABOVE, "<artifactId>same</artifactId>")
    other = pom(ABOVE, "<artifactId>other</artifactId>", properties(v="2"), uses(dependency("g", "b", "3")))
    files = {"root": above, "same": same, "other": other}
    assert read(tmp_path, "root", **files)[0] == ["g:a:1", "g:b:1"]
    assert read(tmp_path, "same", **files) == ([], [])
    assert read(tmp_path, "other", **files) == (["g:b:3", "g:a:2"], [])


def test_a_parent_that_nobody_looks_at_passes_its_dependencies_on(tmp_path: Path) -> None:
    (tmp_path / "pom.xml").write_text(pom(ROOT, uses(dependency("g", "a", "1"))))
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "pom.xml").write_text(pom(ABOVE, "<artifactId>app</artifactId>"))
    found = MavenTree(tmp_path, ["app/pom.xml"]).dependencies("app/pom.xml")
    assert [item.version for item in found if isinstance(item, Artifact)] == ["1"]


def test_profiles_and_scopes(tmp_path: Path) -> None:
    extra = f"<profiles><profile>{properties(v='9')}{uses(dependency('g', 'b', '2'))}</profile></profiles>"
    scopes = [dependency("g", name, "1", f"<scope>{name}</scope>") for name in ("test", "provided", "runtime")]
    plugin = f"<build><plugins><plugin>{uses(dependency('g', 'plugin', '1'))}</plugin></plugins></build>"
    (tmp_path / "pom.xml").write_text(pom(ROOT, uses(*scopes, dependency("g", "a", "1")), extra, plugin))
    found = MavenTree(tmp_path, ["pom.xml"]).dependencies("pom.xml")
    scope = {item.artifact: item.origin.scope for item in found if isinstance(item, Artifact)}
    assert scope == {"test": "dev", "provided": "unknown", "runtime": "runtime", "a": "runtime", "b": "runtime"}


def test_lines_are_those_of_the_declaration(tmp_path: Path) -> None:
    text = "<project>\n<dependencies>\n<dependency>\n<groupId>g</groupId>\n<artifactId>a</artifactId>\n"
    (tmp_path / "pom.xml").write_text(text + "<version>1</version></dependency></dependencies></project>")
    (found,) = MavenTree(tmp_path, ["pom.xml"]).dependencies("pom.xml")
    assert isinstance(found, Artifact)
    assert (found.origin.line, found.origin.direct, found.origin.manifest) == (3, True, "pom.xml")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no xml",
        "<project>",
        "<html/>",
        "<settings><project/></settings>",
        '<!DOCTYPE p [<!ENTITY a "b">]><project>&a;</project>',
        '<!DOCTYPE p [<!ENTITY % a SYSTEM "file:///etc/passwd"> %a;]><project/>',
        "<project>&undefined;</project>",
        "<project>" + "<a>" * 100_000,
        '<?xml version="1.0" encoding="no-such"?><project/>',
    ],
)
def test_what_is_no_pom_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ScannerError):
        read(tmp_path, root=text)


def test_links_and_paths_out_of_the_tree_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "pom.xml").write_text(pom(ROOT, properties(v="1")))
    root = tmp_path / "tree"
    root.mkdir()
    (root / "linked").mkdir()
    (root / "linked" / "pom.xml").symlink_to(tmp_path / "pom.xml")
    for path in ("../pom.xml", "linked/pom.xml", str(tmp_path / "pom.xml")):
        above = parent("org.acme", "root", "1.0", path)
        (root / "pom.xml").write_text(pom(above, "<artifactId>app</artifactId>", uses(dependency("g", "a", "${v}"))))
        (found,) = MavenTree(root, ["pom.xml"]).dependencies("pom.xml")
        assert isinstance(found, Skip)


def test_long_lineages_and_values_end(tmp_path: Path) -> None:
    growing = {f"p{number}": f"${{p{number + 1}}}${{p{number + 1}}}" for number in range(40)} | {"p40": "1"}
    exact, reasons = read(tmp_path, root=pom(ROOT, properties(**growing), uses(dependency("g", "a", "${p0}"))))
    assert not exact and "circles" in reasons[0]
    one = pom(parent("g", "two", "1", "../two"), coordinates("g", "one", "1"), uses(dependency("g", "a", "${v}")))
    two = pom(parent("g", "one", "1", "../one"), coordinates("g", "two", "1"))
    assert "has no value" in read(tmp_path, "one", one=one, two=two)[1][0]


NAMES = st.sampled_from(["groupId", "artifactId", "version", "scope", "type", "relativePath", "v", "w"])
TEXTS = st.sampled_from(
    ["", "1", "${v}", "${w}", "${project.version}", "${", "import", "pom", "g", "[1,2)", "é", "\x85"]
)
LEAVES = st.builds(lambda name, text: f"<{name}>{text}</{name}>", NAMES, TEXTS)
FOLDERS = st.sampled_from(
    ["project", "parent", "dependencies", "dependency", "dependencyManagement", "properties", "profiles", "profile"]
)
ELEMENTS = st.recursive(
    LEAVES,
    lambda inner: st.builds(
        lambda name, parts: f"<{name}>{''.join(parts)}</{name}>", FOLDERS, st.lists(inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.lists(ELEMENTS, max_size=4))
def test_any_xml_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, parts: list[str]) -> None:
    folder = tmp_path_factory.mktemp("any")
    (folder / "pom.xml").write_text(pom(*parts), encoding="utf-8")
    for item in MavenTree(folder, ["pom.xml"]).dependencies("pom.xml"):
        if isinstance(item, Artifact):
            assert all(character not in f"{item.group}{item.artifact}{item.version}" for character in "${}[]():=\n ")


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        read_pom(content, "pom.xml")
    except ScannerError:
        return
