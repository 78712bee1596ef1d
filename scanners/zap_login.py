"""The users of a scan: let in before it, checked while it runs and at its end.

    logins = Logins(options, url, workbench)
    with launched(workbench, job, environment=logins.environment()) as client:  # attached(…) knows no environment
        ...
        logins.establish(session)
        for member in logins.held:
            with member.acting(session):
                crawl(session, member.user, ...)
        logins.check(session)
        logins.finish(session)

`form`, `json`, `basic` and `digest` work in any ZAP. `bearer`, `oauth2` and `command` are a header: see `zap_header`
for which ZAP sends it. Users go with the context that they are in. No credential leaves this process but for ZAP's API,
the token endpoint, and the command that prints a token.
"""

from __future__ import annotations

from collections.abc import Mapping

from scangate.scanners.interface import ScannerError, WebOptions, Workbench
from scangate.scanners.zap_client import ZapError
from scangate.scanners.zap_header import launch_environment
from scangate.scanners.zap_member import Member, State
from scangate.scanners.zap_session import Session
from scangate.scanners.zap_users import set_way, way_of

_WORST_FIRST: tuple[State, ...] = ("failed", "lost", "held", "none")


def secrets_of(options: WebOptions) -> tuple[str, ...]:
    """Every credential that settings give: never to be shown, as are those that a run obtains (`Logins.secrets`)."""
    given = (secret for user in options.users for secret in (user.password, user.token, *user.environment.values()))
    return tuple(dict.fromkeys(secret for secret in given if secret))


class Logins:
    """The users that settings name, of the application at a URL."""

    def __init__(self, options: WebOptions, target: str, workbench: Workbench) -> None:
        names = [user.role or "user" for user in options.users]
        self.members = tuple(
            Member(_unique(names, place), login, target, workbench) for place, login in enumerate(options.users)
        )
        self._given = secrets_of(options)

    @property
    def held(self) -> tuple[Member, ...]:
        """Who is logged in."""
        return tuple(member for member in self.members if member.state == "held")

    @property
    def state(self) -> State:
        """The worst that became of a user; `none` without users."""
        return next((state for state in _WORST_FIRST if any(user.state == state for user in self.members)), "none")

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why users are not logged in (any more), each with the user's name."""
        return tuple(f"login of {member.name}: {member.reason}" for member in self.members if member.reason)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be shown: credentials that were given, tokens that were obtained, cookies of sessions."""
        obtained = {secret for member in self.members for secret in member.secrets if secret}
        return tuple(dict.fromkeys((*self._given, *sorted(obtained))))

    def environment(self) -> Mapping[str, str]:
        """What a ZAP that is launched gets in its environment: the header of a user who is the only one."""
        match self.members:
            case [member] if member.by_header:
                try:
                    token = member.fetch_token()
                except ScannerError as error:
                    member.refuse(error.reason)
                    return {}
                member.in_environment = True
                return launch_environment(token, member.target)
            case _:
                return {}

    def establish(self, session: Session) -> None:
        """Log every user in, and check that. What fails stands in `state` and `reasons`. Raises `ZapGone`."""
        self._set_way(session)
        for member in self.members:
            session.workbench.check()
            if member.state == "none":
                member.admit(session)

    def check(self, session: Session) -> None:
        """Look whether all are still logged in. A login that was lost is made anew, once. Raises `ZapGone`."""
        for member in self.members:
            member.look(session)

    def finish(self, session: Session) -> None:
        """The last check, and whether ZAP could still log them in. Raises `ZapGone`."""
        for member in self.members:
            member.look_at_last(session)

    def _set_way(self, session: Session) -> None:
        """Tell ZAP how users log in. Its context knows one way: who has another is not let in."""
        inside = [member for member in self.members if not member.by_header]
        for member in inside[1:]:
            if way_of(member.login, member.target) != way_of(inside[0].login, inside[0].target):
                member.refuse(f"it is done in another way than that of {inside[0].name}, and ZAP knows one for a site")
        if inside:
            try:
                set_way(session.client, session.context_id, way_of(inside[0].login, inside[0].target))
            except ZapError as error:
                for member in inside:
                    member.refuse(f"ZAP does not take it as settings say: {error.reason}")


def _unique(names: list[str], place: int) -> str:
    """ZAP's ajax spider knows users by name."""
    before = names[:place].count(names[place])
    return f"{names[place]}-{before + 1}" if before else names[place]
