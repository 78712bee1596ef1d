"""Settings from where they are said: files, each believed as far as its place is trusted, and the command line."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

import platformdirs
from pydantic import BaseModel, ValidationError

from scangate.dast_settings import Dast, Limits, User, Zap
from scangate.errors import UsageError
from scangate.kinds import KINDS, SUBJECTS
from scangate.scanners.custom import FILES, ROOT
from scangate.scanners.interface import Input
from scangate.settings import Choices, CustomScanner, Gate, ScannerChoices, ScannerSettings, Settings

FILE_NAME = "scangate.toml"


def load_settings(
    root: Path, *, config: Path | None, flags: Mapping[str, Any], takes: Mapping[str, frozenset[Input]]
) -> Settings:
    """The settings for a run: the user's own, then the scanned tree's or `config`, then the flags; the last one wins.

    `takes` says of every scanner that exists what it can be given. Relative paths in trusted files are taken from the
    file's folder.

    Raises:
        UsageError: a file is missing or malformed, a key is unknown, or the scanned tree says what it may not.
    """
    merged: dict[str, Any] = {}
    for layer in (*_sources(root, config), {name: value for name, value in flags.items() if value is not None}):
        _lay_over(merged, layer)
    settings = _validate(merged, "the command line", "")
    for name, custom in settings.scanners.custom.items():
        _check_custom(name, custom, takes)
    known = takes.keys() | settings.scanners.custom.keys()
    for name in {*settings.scanners.named, *settings.scanner} - known:
        raise UsageError(f"no scanner is called {name!r}", hint=f"choose from {', '.join(sorted(known))}")
    if settings.advisories and not Path(settings.advisories).is_dir():
        raise UsageError(f"advisories: {settings.advisories} is not a folder", hint="name a folder of OSV records")
    for name, own in settings.scanners.named.items():
        _check_inputs(name, own, takes.get(name, frozenset()))
    return settings


def _lay_over(merged: dict[str, Any], layer: Mapping[str, Any]) -> None:
    """Lay a layer over the weaker ones. `policy` and `fail_on` are two ways of one choice: the last one made holds."""
    chosen = [name for name in ("policy", "fail_on") if layer.get(name)]
    if len(chosen) > 1:
        raise UsageError("policy and fail-on are both given", hint="choose one: --fail-on is a policy of its own")
    if chosen:
        merged.pop("policy", None)
        merged.pop("fail_on", None)
    _merge(merged, layer)


def _check_inputs(name: str, own: ScannerSettings, taken: frozenset[Input]) -> None:
    for given, value in ((Input.RULES, own.rules), (Input.DATABASE, own.database)):
        if value and given not in taken:
            raise UsageError(f"scanners.{name}.{given}: {name} takes no {given}", hint="remove the key")
    for folder in own.rules:
        if not any(path.suffix in (".yaml", ".yml") for path in Path(folder).rglob("*")):
            raise UsageError(f"scanners.{name}.rules: there are no YAML files in {folder}", hint="name a rule folder")


def _check_custom(name: str, custom: CustomScanner, taken: Collection[str]) -> None:
    if name in taken:
        raise UsageError(f"scanners.custom.{name}: a scanner of ours has that name", hint="give yours another name")
    if not any(ROOT in word or word == FILES for word in custom.command[1:]):
        raise UsageError(
            f"scanners.custom.{name}.command: it is handed neither files nor folder",
            hint=f"say where it gets them: {FILES} for the files, {ROOT} for the folder",
        )
    for kind in custom.kinds:
        if kind not in KINDS or kind in SUBJECTS:
            near = difflib.get_close_matches(kind, KINDS, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"choose from {', '.join(KINDS.keys() - SUBJECTS)}"
            raise UsageError(f"scanners.custom.{name}.kinds: there is no kind {kind!r}", hint=hint)


def user_settings_path() -> Path:
    """The user's own settings file; `SCANGATE_CONFIG_DIR` names another folder."""
    folder = os.environ.get("SCANGATE_CONFIG_DIR") or platformdirs.user_config_dir("scangate", appauthor=False)
    return Path(folder) / FILE_NAME


def _sources(root: Path, config: Path | None) -> Iterator[dict[str, Any]]:
    """The settings files that apply, weakest first, each checked by itself so that errors name their file."""
    if (own := user_settings_path()).is_file():
        yield _read(own, trusted=True)
    if config is not None:
        yield _read(config, trusted=True)
        return
    for name in (FILE_NAME, "pyproject.toml"):
        found = root / name
        if found.is_file() and not found.is_symlink() and (values := _read(found, trusted=False)):
            yield values
            return


def _read(path: Path, *, trusted: bool) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
        document = tomllib.loads(text)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}", hint="name an existing file") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        if path.name == "pyproject.toml" and not trusted:
            return {}
        raise UsageError(f"{path}: not TOML: {error}") from error
    values = _tool_table(document) if path.name == "pyproject.toml" else document
    settings = _validate(values, str(path), text)
    if not trusted:
        _refuse_untrusted(settings, path, text)
        return dict(values)
    return _absolute(dict(values), path.parent)


def _tool_table(document: Mapping[str, Any]) -> Any:
    tool = document.get("tool")
    return tool.get("scangate", {}) if isinstance(tool, dict) else {}


def _validate(values: Any, where: str, text: str) -> Settings:
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        errors = error.errors(include_url=False)
        first = next((one for one in errors if one["type"] == "extra_forbidden"), errors[0])
        _explain(first["loc"], first["type"], first["msg"], where, text)


def _explain(loc: tuple[int | str, ...], kind: str, message: str, where: str, text: str) -> NoReturn:
    name = ".".join(str(part) for part in loc)
    place = f"{where}{_line_of(loc, text)}"
    if kind != "extra_forbidden":
        raise UsageError(f"{place}: {name}: {message}", hint="see `scangate schema settings`")
    near = difflib.get_close_matches(str(loc[-1]), _names_beside(loc), n=1)
    raise UsageError(
        f"{place}: unknown key {name!r}",
        hint=f"did you mean {near[0]!r}?" if near else "see `scangate schema settings`",
    )


_TABLES: dict[str, type[BaseModel]] = {"scanners": ScannerSettings, "gates": Gate, "dast": Dast, "zap": Zap}
_WITHIN_DAST: dict[tuple[int | str, ...], type[BaseModel]] = {("dast", "limits"): Limits, ("dast", "users"): User}


def _names_beside(loc: tuple[int | str, ...]) -> list[str]:
    model: type[BaseModel] = _TABLES.get(str(loc[0]), Settings)
    if loc[:2] == ("scanners", "custom"):
        model = CustomScanner
    elif loc[:2] in _WITHIN_DAST:
        model = _WITHIN_DAST[loc[:2]]
    return list(model.model_fields)


def _line_of(loc: tuple[int | str, ...], text: str) -> str:
    """`:LINE` of a key, found by its last name; TOML has no better place to offer."""
    name = next((part for part in reversed(loc) if isinstance(part, str)), "")
    pattern = re.compile(rf"""^\s*(?:\[+[^\]]*\b)?["']?{re.escape(name)}["']?\s*[\]=.]""")
    for number, line in enumerate(text.split("\n"), 1):
        if pattern.search(line):
            return f":{number}"
    return ""


def _refuse_untrusted(settings: Settings, path: Path, text: str) -> None:
    for loc in _trusted_only_keys(settings):
        raise UsageError(
            f"{path}{_line_of(loc, text)}: {'.'.join(loc)!r} is not believed from the scanned tree",
            hint=f"say it on the command line, in {user_settings_path()}, or name the file with --config",
        )


def _trusted_only_keys(settings: Settings) -> Iterator[tuple[str, ...]]:
    for name in sorted(settings.model_fields_set - set(Choices.model_fields)):
        yield (name,)
    if settings.scanners.custom:
        yield ("scanners", "custom")
    for scanner, values in settings.scanners.named.items():
        for name in sorted(values.model_fields_set - set(ScannerChoices.model_fields)):
            yield ("scanners", scanner, name)


_FILES = {
    "": ("advisories", "output"),
    "dast": ("openapi", "urls", "har", "keep_traffic"),
    "zap": ("path",),
}
"""Keys that name files or folders, by their table."""


def _absolute(values: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The values with their relative paths taken from the file's own folder."""
    for table, names in _FILES.items():
        _place(values.get(table, {}) if table else values, names, folder)
    for choice in (values, *values.get("gates", ())):
        if str(choice.get("policy", "")).endswith((".yaml", ".yml")):
            choice["policy"] = str(folder / choice["policy"])
    for name in ("image", "sbom"):
        if name in values:
            values[name] = [_beside(text, folder) for text in values[name]]
    scanners = dict(values.get("scanners", {}))
    for holder in (*scanners.pop("custom", {}).values(), *values.get("dast", {}).get("users", ())):
        command = holder.get("command")
        if command and "/" in command[0]:
            command[0] = str((folder / command[0]).absolute())
    for scanner in scanners.values():
        _place(scanner, ("path", "database"), folder)
        if "rules" in scanner:
            scanner["rules"] = [str(folder / rule) for rule in scanner["rules"]]
    return values


def _place(table: dict[str, Any], names: Iterable[str], folder: Path) -> None:
    for name in names:
        if name in table:
            table[name] = str(folder / table[name])


def _beside(subject: str, folder: Path) -> str:
    """A file or folder beside the settings file, or else the reference of an image as it is."""
    return str(folder / subject) if (folder / subject).exists() else subject


def _merge(base: dict[str, Any], top: Mapping[str, Any]) -> None:
    """Lay `top` over `base`: tables key by key, anything else replaced."""
    for key, value in top.items():
        if isinstance(value, Mapping) and isinstance(base.get(key), dict):
            _merge(base[key], value)
        else:
            base[key] = dict(value) if isinstance(value, Mapping) else value
