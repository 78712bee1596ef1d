"""Our semgrep rules for Python and bandit's tests: which say the same of a piece of code.

Both scanners look at Python unasked, so most of these weaknesses are reported twice. CWE numbers do not tell: bandit
gives one to many tests. So each of our rules is listed by hand: with its twins, with tests that overlap with it (the
same call, for another reason), or as one that bandit has nothing like. Test ids are those of bandit 1.9.
"""

from __future__ import annotations

from scangate.rule_twins import RuleTwins

SAME: dict[str, tuple[str, ...]] = {
    "python-sql-injection": ("B608",),
    "python-sql-string-format": ("B608",),
    "python-command-injection": ("B602", "B605"),
    "python-shell-string-format": ("B602", "B605"),
    "python-code-injection": ("B102", "B307"),
    "python-reflected-xss": ("B703", "B704"),
    "python-unescaped-markup": ("B703", "B704"),
    "python-weak-cipher": ("B304", "B305"),
    "python-tls-verification-disabled": ("B323", "B501"),
    "python-predictable-token": ("B311",),
    "python-ssh-unknown-host-accepted": ("B507",),
    "python-unsafe-deserialization": ("B301", "B302"),
    "python-yaml-unsafe-load": ("B506",),
    "python-archive-path-traversal": ("B202",),
    "python-insecure-temporary-file": ("B306",),
    "python-world-writable-file": ("B103",),
    "python-flask-debug": ("B201",),
    "python-hardcoded-secret-key": ("B105", "B106"),
    "python-template-autoescape-disabled": ("B701",),
}
"""semgrep's rule → bandit's tests that say the same."""

OVERLAPPING: dict[str, tuple[str, ...]] = {
    # SHA-256 mends what bandit says of a password's MD5, and not what our rule says.
    "python-weak-password-hash": ("B324",),
    # bandit asks for the scheme of an address (file:), our rule for who chooses the host.
    "python-server-side-request-forgery": ("B310",),
    # The same call as B703, which tells constants from values; this one reports them all.
    "python-reflected-xss": ("B308",),
    "python-unescaped-markup": ("B308",),
    "python-template-injection": ("B702",),
}
"""semgrep's rule → bandit's tests that often report the same code for another reason: linked, never merged."""

WITHOUT_TWIN = frozenset(
    {
        "python-jwt-unverified",
        "python-xml-external-entities",
        "python-path-traversal",
        "python-open-redirect",
        "python-django-csrf-exempt",
        "python-insecure-cookie",
        "python-cors-any-origin-with-credentials",
    }
)
"""Rules of ours that bandit has nothing like."""

TWINS = RuleTwins(("semgrep", "bandit"), same=SAME, overlapping=OVERLAPPING)
