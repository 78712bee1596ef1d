"""Kinds that depend on the files beside: lock files that speak for manifests, and charts that own their templates."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase

_PYPI, _UNLOCKED = "pypi-dependencies", "pypi-unlocked"

_PROJECT_LOCKS = ("poetry.lock", "uv.lock", "pylock.toml", "pylock.*.toml")
_SPOKEN_FOR: Mapping[str, tuple[str, ...]] = {
    "pyproject.toml": _PROJECT_LOCKS,
    "setup.py": _PROJECT_LOCKS,
    "setup.cfg": _PROJECT_LOCKS,
    "pipfile": ("pipfile.lock",),
}
"""For each manifest the lock files that, lying in the same folder, hold its dependencies."""

_WORKSPACE_MEMBER = re.compile(r'^source = \{ (?:editable|virtual) = "([^"\\]+)" \}', re.MULTILINE)
_CHART_FILES = re.compile(
    r"(?:templates|charts|crds)/.*|(?:chart|values)[^/]*\.(?:ya?ml|lock|json)", re.IGNORECASE | re.DOTALL
)

Kinds = dict[str, set[str]]
"""Kind id → paths."""


def settle(
    kinds: Kinds, files: Iterable[str], *, read: Callable[[str], str], is_locked: Callable[[str, str], bool]
) -> tuple[Kinds, frozenset[str]]:
    """The kinds as their neighbours make them, and the manifests left out because a lock file speaks for them.

    `files` are all that were considered, also those of no kind; `read` gives a file's text, empty when it cannot be
    read; `is_locked` tells of a manifest and a lock file whether the one holds what the other asks for.
    """
    superseded = _superseded(kinds.get(_PYPI, set()), kinds.get(_UNLOCKED, set()), read, is_locked)
    settled = {kind: paths - superseded if kind in (_PYPI, _UNLOCKED) else set(paths) for kind, paths in kinds.items()}
    return _give_to_charts(settled, files), frozenset(superseded)


def _superseded(
    pypi: set[str], unlocked: set[str], read: Callable[[str], str], is_locked: Callable[[str, str], bool]
) -> set[str]:
    beside: dict[str, set[str]] = {}
    for path in pypi:
        beside.setdefault(_split(path)[0], set()).add(path)
    members = {member: lock for lock in pypi if _split(lock)[1] == "uv.lock" for member in _workspace(lock, read)}
    return {
        path for path in pypi | unlocked if any(is_locked(path, lock) for lock in sorted(_locks(path, beside, members)))
    }


def _locks(path: str, beside: Mapping[str, set[str]], members: Mapping[str, str]) -> Iterator[str]:
    """The lock files that by their names and places may speak for a manifest."""
    folder, name = _split(path)
    near = {_split(other)[1]: other for other in beside.get(folder, ())}
    compiled = f"{name.removesuffix('.in')}.txt"
    if name.endswith(".in") and compiled in near:
        yield near[compiled]
    if name in ("pyproject.toml", "setup.py", "setup.cfg") and folder in members:
        yield members[folder]
    for pattern in _SPOKEN_FOR.get(name, ()):
        yield from (near[lock] for lock in near if fnmatchcase(lock, pattern))


def _workspace(lock: str, read: Callable[[str], str]) -> Iterator[str]:
    """The folders below a `uv.lock` whose projects it locks as members of its workspace."""
    folder = lock.rpartition("/")[0]
    for member in _WORKSPACE_MEMBER.findall(read(lock)):
        yield f"{folder}/{member}" if folder else member


def _split(path: str) -> tuple[str, str]:
    folder, _, name = path.rpartition("/")
    return folder, name.lower()


def _give_to_charts(kinds: Kinds, files: Iterable[str]) -> Kinds:
    """Templates, sub-charts and values below a `Chart.yaml` belong to Helm: they are no manifests before it ran."""
    charts = {_split(path)[0] for path in kinds.get("helm", set()) if _split(path)[1] == "chart.yaml"}
    if not charts:
        return kinds
    owned = {path for path in files if any(_CHART_FILES.fullmatch(rest) for rest in _below(path, charts))}
    return kinds | {"helm": kinds["helm"] | owned, "kubernetes": kinds.get("kubernetes", set()) - owned}


def _below(path: str, folders: set[str]) -> Iterator[str]:
    """What remains of a path below each of the folders that it lies in."""
    cut = len(path)
    while cut > 0:
        cut = path.rfind("/", 0, cut)
        if path[: max(cut, 0)] in folders:
            yield path[cut + 1 :]
