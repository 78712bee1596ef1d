"""From settings to what a scan of a running application is told.

Here credentials are read from where settings name them, and it is decided whether the scan may attack.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from scangate.application import KEY_VARIABLE, PORT
from scangate.dast_settings import Dast, User
from scangate.errors import UsageError
from scangate.policies.schema import Policy
from scangate.scanners.interface import WebLimits, WebLogin, WebOptions
from scangate.settings import Settings

_PRODUCTION = "prod"
_LONGEST_SECRET = 10_000


def web_options(settings: Settings, policy: Policy, *, root: Path, environment: Mapping[str, str]) -> WebOptions | None:
    """What the scan of the settings' `url` is told; None without one.

    Raises:
        UsageError: the URL is none, an active scan is asked for where it is not allowed, a credential is not there,
            or a file or a pattern is wrong.
    """
    if settings.url is None:
        return None
    dast, url = settings.dast, checked_url(settings.url.replace(PORT, "80"))
    allowed, why = _allowed(url, dast, settings.env, policy)
    if dast.profile in ("api", "full") and not allowed:
        raise UsageError(
            f"an active scan of {url.geturl()} is not allowed: {why}", hint="--profile baseline only looks"
        )
    return WebOptions(
        profile=dast.profile or ("full" if allowed and _is_loopback(url.hostname or "") else "baseline"),
        allowed=allowed,
        include=_patterns(dast.include, "include"),
        exclude=_patterns(dast.exclude, "exclude"),
        openapi=_file(dast.openapi, "openapi"),
        urls=_file(dast.urls, "urls"),
        har=_file(dast.har, "har"),
        users=tuple(_user(user, environment) for user in dast.users),
        limits=WebLimits(**{**dict(dast.limits), "thresholds": _thresholds(dast)}),
        zap_url=settings.zap.url or "",
        zap_key=environment.get(KEY_VARIABLE, ""),
        zap_path=Path(settings.zap.path).resolve() if settings.zap.path else None,
        memory_mb=settings.zap.memory_mb,
        keep_traffic=Path(dast.keep_traffic).resolve() if dast.keep_traffic else None,
        anchor=_anchor(dast, root),
    )


def checked_url(text: str) -> SplitResult:
    """The parts of an http or https URL. Raises UsageError for anything else, and for credentials in it."""
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError as error:
        raise UsageError(f"--url {text!r}: {error}", hint="write it as http://host:port/") from None
    if url.scheme not in ("http", "https") or not url.hostname or port == 0 or not text.isprintable() or " " in text:
        raise UsageError(f"--url {text!r} is no address of a web application", hint="write it as http://host:port/")
    if url.username or url.password:
        raise UsageError("--url holds credentials", hint="name their variables under [[dast.users]] in your settings")
    return url


def _allowed(url: SplitResult, dast: Dast, environment: str | None, policy: Policy) -> tuple[bool, str]:
    host = url.hostname or ""
    if policy.dast.active is False:
        return False, f"the policy {policy.name} says so"
    if environment == _PRODUCTION and policy.dast.active is not True:
        return False, f"environment {_PRODUCTION} needs `dast: {{active: true}}` in its policy"
    if _is_loopback(host) or host in {name.lower() for name in dast.allowed_hosts}:
        return True, ""
    return False, f"{host} is neither loopback nor among allowed_hosts under [dast] in trusted settings"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _patterns(texts: list[str], name: str) -> tuple[str, ...]:
    for text in texts:
        try:
            re.compile(text)
        except re.error as error:
            raise UsageError(f"dast.{name}: {text!r} is no pattern: {error}", hint="see regular expressions") from None
    return tuple(texts)


def _file(name: str | None, key: str) -> Path | None:
    if name is not None and not Path(name).is_file():
        raise UsageError(f"dast.{key}: {name} is no file that exists", hint="name a file, or leave it out")
    return Path(name).resolve() if name is not None else None


def _thresholds(dast: Dast) -> dict[int, str]:
    for number in dast.limits.thresholds:
        if not number.isdecimal():
            raise UsageError(f"dast.limits.thresholds: {number!r} is no rule's number", hint="such as 40012")
    return {int(number): level for number, level in dast.limits.thresholds.items()}


def _anchor(dast: Dast, root: Path) -> str:
    """The file that findings are shown under: the named one, else the API description if that lies in the tree."""
    if dast.anchor or not dast.openapi:
        return dast.anchor
    path = Path(dast.openapi).resolve()
    return path.relative_to(root.resolve()).as_posix() if path.is_relative_to(root.resolve()) else ""


def _user(user: User, environment: Mapping[str, str]) -> WebLogin:
    if user.kind in ("form", "json") and not user.logged_in:
        raise UsageError(
            f"dast.users: {user.role} logs in by {user.kind}, and nothing tells whether that worked",
            hint="say with `logged_in` what only users see, such as 'Log out'",
        )
    return WebLogin(
        kind=user.kind,
        url=user.url,
        page=user.page,
        body=user.body,
        username=_variable(user.username_env, user, environment),
        password=_descriptor(user.password_fd, user) or _variable(user.password_env, user, environment),
        token=_descriptor(user.token_fd, user) or _variable(user.token_env, user, environment),
        scope=user.scope,
        command=tuple(user.command),
        environment={name: _variable(name, user, environment) for name in user.environment},
        logged_in=_patterns([user.logged_in], "users.logged_in")[0],
        logged_out=_patterns([user.logged_out], "users.logged_out")[0],
        check_url=user.check_url,
        role=user.role,
    )


def _variable(name: str, user: User, environment: Mapping[str, str]) -> str:
    if name and not environment.get(name):
        raise UsageError(f"dast.users: {user.role} needs the variable {name}, which is not set", hint=f"export {name}")
    return environment[name] if name else ""


def _descriptor(number: int | None, user: User) -> str:
    """What can be read from an open file descriptor, without the line's end."""
    if number is None:
        return ""
    try:
        with os.fdopen(number, "rb") as file:
            return file.read(_LONGEST_SECRET).decode().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"dast.users: {user.role}: descriptor {number} cannot be read: {error}") from None
