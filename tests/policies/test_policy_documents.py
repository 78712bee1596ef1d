"""Policy files: what the reader refuses, with which words and on which line."""

from __future__ import annotations

import contextlib
import json

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from scangate.errors import UsageError
from scangate.policies.document import read_document
from scangate.policies.load import BUILT_IN, find_documents, resolve
from scangate.policies.schema import policy_json_schema


def _refused(text: str) -> str:
    with pytest.raises(UsageError) as caught:
        read_document(text.encode(), source="p.yaml")
    return caught.value.message


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("version: 1\njuge: all\n", 2, ["unknown key 'juge'", "did you mean 'judge'"]),
        ("version: 1\nrules:\n- id: aa\n  match: {severty: high}\n", 4, ["'rules[0].match.severty'", "'severity'"]),
        ("version: 1\nwaivers: {}\n", 2, ["unknown key 'waivers'", "allowed here: version, name"]),
        ("version: 1\nfeeds: {}\n", 2, ["unknown key 'feeds'"]),
        ("version: 1\ncoverage: {requird: [a]}\n", 2, ["did you mean 'required'"]),
        ("version: 1\ncoverage:\n  accept:\n  - {what: a, wy: b}\n", 4, ["unknown key 'coverage.accept[0].wy'", "why"]),
        ("version: 1\nrules:\n- {id: aa, match: {kev: true}}\n", 3, ["unknown key 'rules[0].match.kev'"]),
        ("version: 1\nrules:\n- id: aa\n  match: {tool: x}\n  locked: true\n", 5, ["unknown key 'rules[0].locked'"]),
        ("version: 1\nrules:\n- id: aa\n  match: {any: [{any: []}]}\n", 4, ["unknown key 'rules[0].match.any[0].any'"]),
        ("version: 1\nname: a\nname: b\n", 3, ["'name' is here twice, first on line 2"]),
        ("version: 1\nrules: []\nrules: []\n", 3, ["'rules' is here twice"]),
        ("version: 1\nrules:\n- {id: aa, then: skip}\n- {id: aa, then: skip}\n", 4, ["'aa' is here twice", "line 3"]),
        ("version: 2\n", 1, ["is not one of 1"]),
        ("version: 1.0\n", 1, ["'1.0' is not a whole number"]),
        ("name: a\n", 1, ["'version' is missing"]),
        ("version: 1\njudge: change\n", 2, ["'change' is not one of 'all'"]),
        ("version: 1\nunknown_severity: unknown\n", 2, ["'unknown' is not one of 'critical', 'high'"]),
        ("version: 1\ncoverage: fail\n", 2, ["must be a mapping"]),
        ("version: 1\ncoverage: {max_db_age: 7 days}\n", 2, ["such as 7d or 24h"]),
        ("version: 1\ncoverage: {min_files: -1}\n", 2, ["not a whole number"]),
        ("version: 1\ncoverage:\n  accept:\n  - {what: terraform}\n", 4, ["'coverage.accept[0].why' is missing"]),
        ("version: 1\ncoverage:\n  accept:\n  - {what: a, why: ' '}\n", 4, ["not a text that is not empty"]),
        ("version: 1\nrules:\n- {id: aa}\n", 3, ["needs 'match'"]),
        ("version: 1\nrules:\n- {id: aa, match: {}}\n", 3, ["names no field"]),
        ("version: 1\nrules:\n- {id: aa, match: {tool: x}, unless: {}}\n", 3, ["names no field"]),
        ("version: 1\nrules:\n- {id: aa, match: {tool: []}}\n", 3, ["must not be an empty list"]),
        ("version: 1\nrules:\n- {id: aa, match: {severity: '>=hihg'}}\n", 3, ["'>=hihg' is not a severity", ">=high"]),
        ("version: 1\nrules:\n- {id: aa, match: {severity: unknown}}\n", 3, ["'unknown' is not a severity"]),
        ("version: 1\nrules:\n- {id: aa, match: {cvss: high}}\n", 3, ["not a CVSS score"]),
        ("version: 1\nrules:\n- {id: aa, match: {cwe: XSS}}\n", 3, ["not a CWE number"]),
        ("version: 1\nrules:\n- {id: aa, match: {category: sast}}\n", 3, ["'sast' is not one of 'code'"]),
        ("version: 1\nrules:\n- {id: aa, match: {package: jinja2}}\n", 3, ["not a package URL"]),
        ("version: 1\nrules:\n- {id: aa, match: {package: 'pkg:pypi/a@1'}}\n", 3, ["without version"]),
        ("version: 1\nrules:\n- {id: Aa, match: {tool: x}}\n", 3, ["lower-case letters"]),
        ("version: 1\nrules:\n- {id: aa, match: {tool: x}, then: block}\n", 3, ["'block' is not one of"]),
        ("version: 1\nname: !!python/object:os.system x\n", 2, ["the tag", "no meaning"]),
        ("version: 1\nname: !mine x\n", 2, ["the tag"]),
        ("version: 1\n? [a]\n: b\n", 2, ["a key must be a word"]),
        ("version: 1\n<<: {name: a}\n", 2, ["unknown key '<<'"]),
        ("version: 1\nname: 'a\n", 3, ["not YAML"]),
        ("version: 1\n---\nversion: 1\n", 2, ["not YAML"]),
    ],
)
def test_refuses_with_line_and_reason(text: str, line: int, words: list[str]) -> None:
    message = _refused(text)
    assert f"p.yaml:{line}: " in message
    for word in words:
        assert word in message


@pytest.mark.parametrize("text", ["", "- 1\n", "policy\n", "# nothing\n"])
def test_refuses_what_is_no_mapping(text: str) -> None:
    assert "a policy is a mapping" in _refused(text)


def test_tells_every_fault_in_the_order_of_lines() -> None:
    message = _refused("version: 1\nb: 1\ncoverage: {on_error: no}\na: 1\n")
    assert [line.split(":")[1] for line in message.splitlines()] == ["2", "3", "4"]


def test_refuses_aliases_that_grow() -> None:
    text = "version: 1\na: &a [x, x, x, x, x, x, x, x, x, x]\n"
    for above, name in zip("abcdefg", "bcdefgh", strict=True):
        text += f"{name}: &{name} [{', '.join([f'*{above}'] * 10)}]\n"
    assert "too large or too deep" in _refused(text)


@pytest.mark.parametrize("text", ["version: 1\nrules: &a [*a]\n", f"version: 1\nname: {'[' * 20}{']' * 20}\n"])
def test_refuses_recursion_and_depth(text: str) -> None:
    assert "too deep" in _refused(text)


def test_deep_nesting_is_an_error_and_not_a_crash() -> None:
    assert "not YAML" in _refused("[" * 1_000)


def test_aliases_of_modest_size_are_fine() -> None:
    text = "version: 1\nrules:\n- {id: aa, match: &m {tool: bandit}}\n- {id: bb, match: *m, then: warn}\n"
    rules = read_document(text.encode(), source="p.yaml").model.rules
    assert rules[0].match == rules[1].match


@pytest.mark.parametrize("word", ["off", "no", "1.10", "2026-01-31", "0x10", "1e3", "null", "~", "True"])
def test_words_reach_the_policy_as_they_were_written(word: str) -> None:
    text = f"version: 1\nname: {word}\nrules:\n- {{id: aa, match: {{rule: {word}}}, why: {word}}}\n"
    model = read_document(text.encode(), source="p.yaml").model
    assert (model.name, model.rules[0].why) == (word, word)
    assert model.rules[0].match is not None
    assert model.rules[0].match.rule == (word,)


_yamlish = st.text(st.sampled_from("abv: \n-[]{}&*!?|>'\"#%@`1,\t\\~<.\u00e9\x00\x85\ufeff"), max_size=60)
_PIECES = """\
version: 1|rules:|- id: aa|  match: {tool: x}|  match:|- {id: bb, then: skip}|coverage:|  min_files: 1|extends: []|&a x
*a|%YAML 1.1|---|...|? a|name: !!binary aa|<<: *a|judge: all|!!set {a}|!!omap [a: 1]|a: >+1|key: &x *x|name: !x|- - a"""
_policyish = st.lists(st.sampled_from(_PIECES.replace("\n", "|").split("|")), max_size=8).map("\n".join)


@settings(max_examples=400, deadline=None)
@given(st.one_of(_yamlish, _policyish, st.text(max_size=40)))
def test_any_text_is_a_policy_or_a_usage_error(text: str) -> None:
    with contextlib.suppress(UsageError):
        read_document(text.encode("utf-8", "surrogatepass"), source="p.yaml")


@given(st.binary(max_size=60))
def test_any_bytes_are_a_policy_or_a_usage_error(data: bytes) -> None:
    with contextlib.suppress(UsageError):
        read_document(data, source="p.yaml")


@pytest.mark.parametrize("name", BUILT_IN)
def test_built_in_policies_fit_the_published_schema(name: str) -> None:
    document = find_documents(name)[-1]
    content = resolve((document,)).content()
    jsonschema.Draft202012Validator.check_schema(policy_json_schema())
    jsonschema.validate(json.loads(json.dumps(content)), policy_json_schema())


@pytest.mark.parametrize(
    "text",
    [
        "version: 1\nrules: [{id: aa, match: {severity: '>=hihg'}}]",
        "version: 1\nrules: [{id: aa, then: fail}]",
        "version: 1\nrules: [{id: aa, match: {}}]",
        "version: 1\nkev: 1",
        "version: 1\ncoverage: {max_db_age: null}",
        "version: 1\ncoverage: {accept: [{what: a}]}",
    ],
)
def test_the_published_schema_refuses_what_the_reader_refuses(text: str) -> None:
    _refused(text)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(YAML(typ="safe").load(text), policy_json_schema())
