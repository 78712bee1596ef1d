"""One user of a scan: let in, acted as, looked after."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urljoin

from scangate.scanners.interface import ScannerError, WebLogin, failed
from scangate.scanners.zap_client import ZapGone
from scangate.scanners.zap_crawl import User
from scangate.scanners.zap_header import replaced
from scangate.scanners.zap_login_check import why_changed, why_not_logged_in, why_refused, why_unanswered
from scangate.scanners.zap_requests import WebAnswer, WebRequest, ask_directly, send
from scangate.scanners.zap_session import Session
from scangate.scanners.zap_token import Execute, token_of
from scangate.scanners.zap_users import add_user, authenticate, forced, session_secrets

State = Literal["none", "held", "lost", "failed"]
HEADER_KINDS = frozenset({"bearer", "oauth2", "command"})


@dataclass
class Member:
    """One user of the scan. `user` is what ZAP knows the user as; None for one who is known by a header alone.

    `reason` says why the login failed or was lost, `renewed` that it was lost once and made anew. `in_environment`
    says that ZAP was launched with the header. `secrets` are what logging in brought: tokens, and cookies of sessions.
    """

    name: str
    login: WebLogin
    target: str
    execute: Execute
    state: State = "none"
    reason: str = ""
    renewed: bool = False
    in_environment: bool = False
    user: User | None = None
    token: str = field(default="", repr=False)
    secrets: set[str] = field(default_factory=set, repr=False)
    _outside: WebAnswer = field(default=WebAnswer(0), repr=False)

    @property
    def by_header(self) -> bool:
        return self.login.kind in HEADER_KINDS

    @property
    def check_url(self) -> str:
        """The page that tells whether the user is logged in."""
        return urljoin(self.target, self.login.check_url)

    def fetch_token(self) -> str:
        """A token, obtained anew. Raises `ScannerError`."""
        self.token = token_of(self.login, self.execute)
        self.secrets.add(self.token)
        return self.token

    def admit(self, session: Session) -> None:
        """Log in for the first time, and check it: `held` afterwards, or `failed`. Raises `ZapGone`."""
        try:
            self._require(session)
            self._outside = self._as_nobody(session)
            if not self.by_header:
                self.user = add_user(session.client, session.context_id, self.name, self.login)
            elif not self.token:
                self.fetch_token()
            self._end("failed" if (why := self._enter(session)) else "held", why)
        except ZapGone:
            raise
        except ScannerError as error:
            self._end("failed", error.reason)

    def refuse(self, reason: str) -> None:
        """The user is not let in."""
        self._end("failed", reason)

    def look(self, session: Session) -> None:
        """Check a login that is held: `lost` where it is no more, and cannot be made anew. Raises `ZapGone`."""
        if self.state != "held" or not (why := self._why_out(session)):
            return
        anew = "once more" if self.renewed else self._renew(session)
        if anew:
            self._end("lost", f"it was lost during the scan ({why}), {anew}")
        self.renewed = True

    def look_at_last(self, session: Session) -> None:
        """Check a login at the end of a scan, and let ZAP log in once more: credentials may have changed, too."""
        self.look(session)
        if self.state == "held" and self.user and (why := self._authenticate(session)):
            self._end("lost", f"it is refused at the end of the scan: {why}")

    @contextmanager
    def acting(self, session: Session) -> Iterator[None]:
        """All that ZAP sends to the target is sent as this user, while the `with` block runs."""
        with self._way(session):
            yield

    def _end(self, state: State, reason: str) -> None:
        self.state, self.reason = state, reason

    def _way(self, session: Session) -> AbstractContextManager[None]:
        if self.user:
            return forced(session.client, session.context_id, self.user)
        return nullcontext() if self.in_environment else replaced(session.client, self.token, self.target)

    def _require(self, session: Session) -> None:
        """Raises `ScannerError` where settings cannot lead to a login."""
        if self.login.kind in ("form", "json") and not self.login.url:
            raise failed("settings name no url that takes the credentials")
        if not self.by_header and not self.login.username:
            raise failed("settings name no username")
        if not session.scope.covers(self.check_url):
            raise failed("its check_url is not of what is scanned, or is excluded")

    def _as_nobody(self, session: Session) -> WebAnswer:
        """The check page without login. What ZAP sends has the header of its environment: then it is not asked."""
        request = WebRequest(self.check_url)
        return ask_directly(request.url) if self.in_environment else send(session.client, request)

    def _enter(self, session: Session) -> str:
        """Log in and check it: why it did not work, else empty. The check page alone proves that it did."""
        refused = self._authenticate(session)
        if not (why := self._why_out(session)):
            return ""
        return refused or self._why_changed(session) or why

    def _authenticate(self, session: Session) -> str:
        """Let ZAP log in: why it cannot be so, else empty. HTTP authentication sends nothing by itself."""
        if not self.user:
            return ""
        answer, successful = authenticate(session.client, session.context_id, self.user)
        if self.login.kind not in ("form", "json"):
            return ""
        return why_unanswered(answer) or why_refused(answer, successful=successful)

    def _why_changed(self, session: Session) -> str:
        page = urljoin(self.target, self.login.page or self.login.url)
        return why_changed(send(session.client, WebRequest(page)), self.login) if self.login.kind == "form" else ""

    def _why_out(self, session: Session) -> str:
        with self.acting(session):
            answer = send(session.client, WebRequest(self.check_url))
        if self.user:
            self.secrets.update(session_secrets(session.client, session.context_id, self.user))
        return why_not_logged_in(answer, self._outside, self.login)

    def _renew(self, session: Session) -> str:
        """Log in anew: what hinders it, else empty."""
        if self.in_environment:
            return "and a ZAP that was launched with a token cannot be given another"
        try:
            if self.by_header:
                self.fetch_token()
            why = self._enter(session)
        except ZapGone:
            raise
        except ScannerError as error:
            why = error.reason
        return f"and could not be made anew: {why}" if why else ""
