"""OSV records (https://ossf.github.io/osv-schema/, version 1): reading them, matching versions, and their facts.

Whether a version is affected is told for PyPI only, where versions are compared as PEP 440 has it. Where a record
cannot be understood in part, it counts as affecting: a warning too many can be seen and waived, a missing one cannot.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Annotated, Any, TypeVar

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version
from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from scangate.model import Rating
from scangate.model import Severity as Level
from scangate.scanners.ratings import ADVISORY, cvss_rating, word_rating

ECOSYSTEM = "PyPI"
_MALICIOUS = "malicious"
_WORDS = ADVISORY | {_MALICIOUS: Level.CRITICAL}

_Item = TypeVar("_Item")
_Many = Annotated[tuple[_Item, ...], BeforeValidator(lambda value: () if value is None else value)]
_Table = Annotated[dict[str, Any], BeforeValidator(lambda value: {} if value is None else value)]
_ID = r"^[A-Za-z0-9][A-Za-z0-9:._+-]{0,127}$"


def _without_slips(aliases: tuple[str, ...]) -> tuple[str, ...]:
    """Aliases that can be ids; real records hold some with a stray comma."""
    return tuple(alias for alias in aliases if re.fullmatch(_ID, alias))


_Aliases = Annotated[_Many[str], AfterValidator(_without_slips)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)


class Event(_Part):
    introduced: str | None = None
    fixed: str | None = None
    last_affected: str | None = None


class Range(_Part):
    type: str
    events: _Many[Event] = ()

    @property
    def bounds(self) -> list[tuple[int, str]]:
        """Its events as kind and version."""
        named = ((event.fixed, event.introduced, event.last_affected) for event in self.events)
        return [(kind, text) for texts in named for kind, text in enumerate(texts) if text is not None]


class Package(_Part):
    ecosystem: str
    name: str

    def is_named(self, name: str, ecosystem: str) -> bool:
        """Whether this is the package of that name, on PyPI in its normal form; releases (`Debian:12`) do not count."""
        if self.ecosystem.partition(":")[0] != ecosystem.partition(":")[0]:
            return False
        return (canonicalize_name(self.name) if ecosystem == ECOSYSTEM else self.name) == name


class Severity(_Part):
    type: str
    score: str


class Affected(_Part):
    package: Package | None = None
    ranges: _Many[Range] = ()
    versions: _Many[str] = ()
    severity: _Many[Severity] = ()
    database_specific: _Table = Field(default_factory=dict)


class Record(_Part):
    """One advisory, as far as we use it. `modified` is a time with its zone.

    A package is named as its ecosystem does, a Python one in its normal form.
    """

    id: Annotated[str, Field(pattern=_ID)]
    modified: AwareDatetime
    schema_version: Annotated[str, Field(pattern=r"^1\.")] = "1.0.0"
    withdrawn: str | None = None
    aliases: _Aliases = ()
    summary: str = ""
    details: str = ""
    affected: _Many[Affected] = ()
    severity: _Many[Severity] = ()
    database_specific: _Table = Field(default_factory=dict)

    @property
    def packages(self) -> frozenset[str]:
        """Normalised names of the PyPI packages that it concerns."""
        return frozenset(canonicalize_name(a.package.name) for a in self.affected if a.package and _is_pypi(a.package))

    @property
    def ecosystems(self) -> frozenset[str]:
        """The ecosystems that it concerns, without releases."""
        return frozenset(a.package.ecosystem.partition(":")[0] for a in self.affected if a.package)

    def on(self, name: str, ecosystem: str = ECOSYSTEM) -> tuple[Affected, ...]:
        """Its parts about one package."""
        return tuple(a for a in self.affected if a.package and a.package.is_named(name, ecosystem))

    def affects(self, name: str, version: Version) -> bool:
        """Whether this version of the package is affected, and the record is not withdrawn."""
        return self.withdrawn is None and any(_is_affected(part, version) for part in self.on(name))

    def fixed_in(self, name: str, version: str = "", ecosystem: str = ECOSYSTEM) -> tuple[str, ...]:
        """The versions that mend the package, ascending; only those above `version` where it is given."""
        events = [e for a in self.on(name, ecosystem) for r in a.ranges if r.type != "GIT" for e in r.events]
        if ecosystem != ECOSYSTEM:
            above = (
                e.fixed for e in events if e.fixed and (not version or version_key(e.fixed) > version_key(version))
            )
            return tuple(sorted(set(above), key=version_key))
        floor = read_version(version)
        fixed = {v for e in events if (v := read_version(e.fixed or "")) and (floor is None or v > floor)}
        return tuple(str(v) for v in sorted(fixed))

    def ratings(self, name: str, ecosystem: str = ECOSYSTEM) -> tuple[Rating, ...]:
        """Every opinion of the record on severity: the database's word first, then CVSS.

        Records of malicious packages state no severity; that the package is malicious is their word for it.
        """
        word = _MALICIOUS if self.id.startswith("MAL-") else self.database_specific.get("severity")
        found: list[Rating | None] = []
        if isinstance(word, str):
            found.append(word_rating(self.id, word[:20], _WORDS).model_copy(update={"method": "word:advisory"}))
        stated = (*self.severity, *(severity for part in self.on(name, ecosystem) for severity in part.severity))
        found += [cvss_rating(self.id, severity.score) for severity in stated if severity.type.startswith("CVSS_")]
        return tuple(dict.fromkeys(rating for rating in found if rating))

    @property
    def cwes(self) -> tuple[int, ...]:
        """Its weaknesses, as numbers of the CWE list; records of malicious packages keep theirs by package."""
        names = _items(self.database_specific, "cwe_ids")
        names += [
            entry["cweId"]
            for part in self.affected
            for entry in _items(part.database_specific, "cwes")
            if isinstance(entry, dict) and "cweId" in entry
        ]
        found = (re.fullmatch(r"CWE-(\d{1,5})", name) for name in names if isinstance(name, str))
        return tuple(dict.fromkeys(int(match[1]) for match in found if match))


def _items(table: Mapping[str, Any], key: str) -> list[Any]:
    found = table.get(key)
    return [*found] if isinstance(found, list) else []


def _is_pypi(package: Package) -> bool:
    return package.ecosystem.partition(":")[0] == ECOSYSTEM


def version_key(version: str) -> tuple[tuple[int, int, str], ...]:
    """Sorts versions of ecosystems whose rules are not ours to know: numbers count, and a word makes it earlier.

    Good enough to tell a later release from an earlier one, and used for nothing else.
    """
    parts = re.findall(r"[0-9]+|[A-Za-z]+", version[:200].partition("+")[0].removeprefix("v"))
    return (*((1, int(part), "") if part.isdecimal() else (-1, 0, part.lower()) for part in parts), (0, 0, ""))


@lru_cache(maxsize=100_000)
def read_version(text: str) -> Version | None:
    """A PEP 440 version; None for what is none, as some early ones on PyPI."""
    try:
        return Version(text)
    except (InvalidVersion, ValueError):
        return None


def _is_affected(part: Affected, version: Version) -> bool:
    # Like `==` without a local part: 1.0+cpu is a build of 1.0.
    named = {version, Version(version.public)}
    if any(read_version(text) in named for text in part.versions):
        return True
    return any(_in_range(r, version, guess=not part.versions) for r in part.ranges if r.type == "ECOSYSTEM")


_FIRST = Version("0.dev0")
_FIXED, _INTRODUCED, _LAST_AFFECTED = range(3)
"""Kinds of events, in the order that they take effect in at one version."""


def _in_range(wanted: Range, version: Version, *, guess: bool) -> bool:
    """Whether a version lies in an ECOSYSTEM range. Where an event is no PEP 440 version, only the enumerated versions
    can tell; without any, `guess` lets the range begin at the very first version, or not end there.
    """
    bounds: list[tuple[Version, int]] = []
    for kind, text in wanted.bounds:
        bound = _FIRST if (kind, text) == (_INTRODUCED, "0") else read_version(text)
        if bound is None and not guess:
            return False
        if bound is not None or kind == _INTRODUCED:
            bounds.append((bound or _FIRST, kind))
    inside = False
    for bound, kind in sorted(bounds):
        if kind == _FIXED:
            inside = inside and version < bound
        elif kind == _INTRODUCED:
            inside = inside or version >= bound
        else:  # a local build (2.0+cpu) of the last affected version is that version
            inside = inside and Version(version.public) <= bound
    return inside


_ID_RANKS = {"CVE": 0, "GHSA": 1, "PYSEC": 2, "GO": 2, "RUSTSEC": 2}


def id_order(advisory: str) -> tuple[int, str]:
    """Sort key of advisory ids: CVE, then GHSA, then those of ecosystems, then all others."""
    return _ID_RANKS.get(_prefix(advisory), 3), advisory


def _prefix(advisory: str) -> str:
    return advisory.partition("-")[0].upper()


def alias_groups(records: Mapping[str, Iterable[str]]) -> tuple[tuple[str, ...], ...]:
    """The problems of one package: which advisories, given as id → aliases, speak of the same one.

    Each group is in `id_order`, so that its first id is the canonical one. No union may put two ids of one prefix
    together (some records list what several problems have in common): such a record stands in every group that holds
    one of its aliases, and what no group holds is a group of its own. So each record is in at least one group.
    """
    groups: list[set[str]] = []
    doubtful: list[str] = []
    for advisory in sorted(records, key=id_order):
        ids = {advisory, *records[advisory]}
        touched = [group for group in groups if group & ids]
        union = ids.union(*touched)
        if len({_prefix(i) for i in union}) < len(union):
            doubtful.append(advisory)
        else:
            groups = [*(group for group in groups if not group & ids), union]
    links: dict[int, set[str]] = {}
    for advisory in doubtful:
        ids = {advisory, *records[advisory]}
        rest = ids.difference(*groups) - {advisory}
        holding = [number for number, group in enumerate(groups) if group & ids]
        if rest or not holding:
            groups.append(rest | {advisory})
        else:
            for number in holding:
                links.setdefault(number, set()).add(advisory)
    linked = (group | links.get(number, set()) for number, group in enumerate(groups))
    return tuple(sorted((tuple(sorted(g, key=id_order)) for g in linked), key=lambda g: id_order(g[0])))
