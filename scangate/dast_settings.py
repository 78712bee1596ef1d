"""What trusted settings say about scanning a running application: `url`, `[dast]` and `[zap]`.

None of it is believed from the scanned tree, which could else name a host to attack.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Level = Literal["off", "low", "medium", "high"]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)


class User(_Strict):
    """One user who logs in. Credentials are named, never written: `NAME_env` is a variable, `NAME_fd` a descriptor."""

    kind: Literal["form", "json", "basic", "digest", "bearer", "oauth2", "command"] = Field(
        description="How it logs in; oauth2 is the client credentials grant, command prints a bearer token."
    )
    role: str = Field(default="user", description="The user's name in reports.")
    url: str = Field(default="", description="What takes the credentials: the form's action or the token endpoint.")
    page: str = Field(default="", description="The page that holds the form, where that is another.")
    body: str = Field(default="", description="What is sent, with {username} and {password} in it.")
    username_env: str = Field(default="", description="Variable that holds the username (oauth2: the client's id).")
    password_env: str = Field(default="", description="Variable that holds the password (oauth2: the secret).")
    password_fd: int | None = Field(None, ge=3, description="Open file descriptor that the password is read from.")
    token_env: str = Field(default="", description="Variable that holds the token (bearer).")
    token_fd: int | None = Field(None, ge=3, description="Open file descriptor that the token is read from (bearer).")
    scope: str = Field(default="", description="Scope that is asked for (oauth2).")
    command: list[str] = Field(default=[], description="Program that prints a token (command), with its arguments.")
    environment: list[str] = Field(default=[], description="Variables that this program is given.")
    logged_in: str = Field(
        default="", description="Pattern that fits answers to somebody who is logged in; form and json need it."
    )
    logged_out: str = Field(default="", description="Pattern that fits answers to somebody who is not.")
    check_url: str = Field(default="", description="A page that only users see.")


class Limits(_Strict):
    """How long, how fast and how hard."""

    minutes: float = Field(60.0, gt=0, description="For all of it; then it stops, and is partial.")
    rule_minutes: float | None = Field(None, gt=0, description="For one active rule.")
    requests_per_second: int | None = Field(None, ge=1, description="At most so many requests.")
    depth: int = Field(5, ge=1, description="How many links deep the crawl goes.")
    strength: Literal["low", "medium", "high", "insane"] = Field("medium", description="Of all active rules.")
    threshold: Literal["low", "medium", "high"] = Field("medium", description="Of all active rules.")
    thresholds: Mapping[str, Level] = Field(default={}, description="Of single rules by number; off leaves one out.")


class Dast(_Strict):
    """How a running application is scanned, under `[dast]`."""

    profile: Literal["baseline", "api", "full"] | None = Field(
        None, description="baseline looks, api and full attack; full for loopback, else baseline, where it is not said."
    )
    allowed_hosts: list[str] = Field(default=[], description="Hosts beside loopback that may be attacked.")
    include: list[str] = Field(default=[], description="Patterns of whole URLs; what fits none is left alone.")
    exclude: list[str] = Field(default=[], description="Patterns of whole URLs that are never requested.")
    openapi: str | None = Field(None, description="The API's OpenAPI 3 document.")
    urls: str | None = Field(None, description="File of URLs, one a line.")
    har: str | None = Field(None, description="HTTP archive of requests to begin with.")
    anchor: str = Field(default="", description="Repository file that findings are shown under.")
    keep_traffic: str | None = Field(None, description="Folder for redacted requests and responses.")
    users: list[User] = Field(default=[], description="Who logs in; the first one is used for most of the scan.")
    limits: Limits = Field(Limits(), description="How long, how fast and how hard.")


class Zap(_Strict):
    """Where OWASP ZAP is, under `[zap]`."""

    url: str | None = Field(None, description="A ZAP that runs already; its key is taken from ZAP_API_KEY.")
    path: str | None = Field(None, description="ZAP's folder or its zap.sh; by default, where it is usually installed.")
    memory_mb: int = Field(512, ge=64, description="Memory of a ZAP that is started, in megabytes.")
