"""What one run of osv-scanner comes to: each file that it was given is accounted for, looked at or named as a gap."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from scangate.model import Finding, LedgerState, Skip
from scangate.scanners.advisories import OFFLINE_WAY, rfc3339
from scangate.scanners.dependency_files import Places, lock_file
from scangate.scanners.interface import Job, Output, Parsed, ScannerError, failed
from scangate.scanners.maven import MEND as SCAN_AN_SBOM
from scangate.scanners.osv_database import Database
from scangate.scanners.osv_scanner_report import (
    NO_PACKAGES,
    Found,
    Reporter,
    Result,
    last_words,
    read_report,
    scope_of,
)
from scangate.scanners.osv_scanner_tree import Gap, Speakers, Stage, Staged, by_staged_file, told_errors
from scangate.scanners.pins import Origin, skip
from scangate.scanners.staging import read_files

_BAD_RECORD = re.compile(r"^(?:Could not read )?(\S+\.json)(?: is not a valid JSON file)?: (.+)$", re.MULTILINE)
_NOT_COMPARED = re.compile(r"^(?:error when retrieving vulns:|.*\(extracting as vulnmatch/\w+\)) (.+)$", re.MULTILINE)
"""What versions up to 2.4 and from 2.5 on say when they give up on comparing."""
_WHOLE_COMMIT = 40
"""Hex digits of a commit's id; with fewer, a package is left out of the comparison even if it has a version."""
_NO_DATABASE = re.compile(r"could not load db for (\S+) ecosystem: (.+)$", re.MULTILINE)


@dataclass
class Account:
    """Gathers what one run says of what was laid out for it."""

    job: Job
    laid_out: Stage
    databases: Mapping[str, Database]
    findings: list[Finding] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    names: dict[str, frozenset[str]] = field(default_factory=dict)
    """The packages of each lock file that was read, by its path."""
    scanned: int = 0
    trouble: str = ""

    def parsed(self, output: Output | None) -> Parsed:
        """What came of it all. `output` is None where there was nothing to run for."""
        self.gaps += self.laid_out.gaps
        if output is not None:
            self._read(output)
        speakers = Speakers(self.job, self.names)
        self.gaps += filter(None, (speakers.gap(path, manifest) for path, manifest in self.laid_out.unlocked))
        return self._concluded()

    def _read(self, output: Output) -> None:
        results, errors = by_staged_file(self._report(output)), told_errors(output.stderr)
        if given_up := _NOT_COMPARED.search(output.stderr):
            self.trouble = f"osv-scanner did not compare all packages with the advisories: {given_up[1][:300]}"
        dates = {name: database.date for name, database in self.databases.items()}
        reporter = Reporter(self.job.version, dates)
        broken = {match[1]: match[2].strip() for match in _NO_DATABASE.finditer(output.stderr)}
        for staged in self.laid_out.staged:
            number = int(staged.name.split("/")[1])
            result = results.get(number)
            if result is None or not result.packages:
                self._read_nothing(staged, errors.get(number, ""), output)
            elif why := self._no_database(staged.ecosystem, broken):
                self.gaps.append(
                    Gap(Skip(path=staged.path, reason=why), "without advisories", OFFLINE_WAY, unseen=True)
                )
            else:
                self._read_packages(staged, result, reporter)
        for name, why in dict.fromkeys(_BAD_RECORD.findall(output.stderr)):
            self._damaged(Skip(path=name, reason=f"osv-scanner cannot read this advisory: {why[:200]}"))

    def _report(self, output: Output) -> tuple[Result, ...]:
        try:
            return read_report(output)
        except ScannerError as error:
            if error.state is LedgerState.FAILED and self.job.advisories is None:
                raise failed(error.reason, mend=OFFLINE_WAY) from error
            raise

    def _no_database(self, ecosystem: str, broken: Mapping[str, str]) -> str:
        if self.job.advisories is None:
            return ""
        if ecosystem not in self.databases:
            return f"{self.job.advisories} holds no advisories for {ecosystem}"
        return (
            f"osv-scanner cannot read the advisories for {ecosystem}: {broken[ecosystem]}"
            if ecosystem in broken
            else ""
        )

    def _read_nothing(self, staged: Staged, error: str, output: Output) -> None:
        """A file that no package came of: it is well only where it names none."""
        if not error and staged.lock and staged.lock.is_empty(self._text(staged.path)):
            self.names[staged.path] = frozenset()
            return
        said = error or (last_words(output) if output.exit_code not in (0, 1, NO_PACKAGES) else "")
        reason = f"osv-scanner read nothing in it{f': {said}' if said else ''}"
        self.gaps.append(Gap(Skip(path=staged.path, reason=reason), "unread", unseen=True))

    def _read_packages(self, staged: Staged, result: Result, reporter: Reporter) -> None:
        known = [found for found in result.packages if self._is_compared(found, staged)]
        if not known and staged.lock and not staged.lock.is_marked(self._text(staged.path)):
            reason = f"it is no {staged.lock.name}"
            self.gaps.append(Gap(Skip(path=staged.path, reason=reason), "unread", unseen=True))
            return
        self.names[staged.path] = frozenset(found.package.name for found in result.packages)
        missing = staged.pins.keys() - {found.package.key for found in known}
        for name, version in sorted(missing):
            unanswered = skip(staged.pins[name, version], f"{name} {version}", "osv-scanner did not answer for it")
            self.gaps.append(Gap(unanswered, "unanswered"))
        text = self._text(staged.path) if staged.lock and any(found.vulnerabilities for found in known) else ""
        self.findings += findings_of(known, staged.path, reporter, text, staged.pins)
        self.scanned += len(known)

    def _is_compared(self, found: Found, staged: Staged) -> bool:
        """Whether the tool compared a package; one without version or commit is local, and no gap."""
        package = found.package
        is_short = 0 < len(package.commit) < _WHOLE_COMMIT
        if package.version and not is_short:
            return True
        if package.commit and (is_short or self.job.advisories):
            why = "which osv-scanner does not look up" if is_short else "which these advisories do not tell about"
            reason = f"comes from commit {package.commit[:12]}, {why}"
            self.gaps.append(Gap(skip(Origin(staged.path), f"{package.name} {package.version}", reason), "from git"))
            return False
        return bool(package.commit)

    def _damaged(self, damaged: Skip) -> None:
        self.gaps.append(Gap(damaged, "damaged advisories", "fetch the advisories again"))

    def _text(self, path: str) -> str:
        return dict(read_files(self.job.root, [path])).get(path, b"").decode("utf-8-sig", errors="replace")

    def _concluded(self) -> Parsed:
        for database in self.databases.values():
            for damaged in database.damaged:
                self._damaged(damaged)
        unseen = frozenset(gap.skip.path for gap in self.gaps if gap.unseen)
        state, reason, mend = self._state()
        return Parsed(
            findings=tuple(self.findings),
            scanned=self.scanned,
            considered=self.scanned + len(self.gaps),
            skipped=tuple(dict.fromkeys(gap.skip for gap in self.gaps)),
            state=state,
            reason=reason,
            mend=mend,
            version=self.job.version,
            database_date=self._date(),
            unseen=unseen,
        )

    def _state(self) -> tuple[LedgerState, str, str]:
        if self.trouble:
            return LedgerState.FAILED, self.trouble, OFFLINE_WAY
        mend = next((gap.mend for gap in self.gaps if gap.mend), "")
        if self.gaps and not self.scanned and not self.names:
            reason = f"nothing could be looked at: {self.gaps[0].skip.path}: {self.gaps[0].skip.reason}"
            return LedgerState.FAILED, reason, mend
        parts = [*_counted(self.gaps)]
        if self.laid_out.names_direct_only:
            parts.append("of pom.xml direct dependencies only")
            mend = mend or SCAN_AN_SBOM
        if parts:
            return LedgerState.PARTIAL, "; ".join(parts), mend
        return LedgerState.RAN, "" if self.scanned else "the files name no dependencies", ""

    def _date(self) -> str:
        if self.job.advisories is None:
            return rfc3339(datetime.now(UTC).replace(hour=0, minute=0, second=0)) if self.scanned else ""
        return min((database.date for database in self.databases.values()), default="")


def _counted(gaps: Sequence[Gap]) -> Iterator[str]:
    """The sorts of gaps with how many there are of each, and one of them by name."""
    first: dict[str, Gap] = {}
    for gap in gaps:
        first.setdefault(gap.what, gap)
    for what, count in Counter(gap.what for gap in gaps).items():
        yield f"{count} {what}, such as {first[what].skip.path}: {first[what].skip.reason}"


def findings_of(
    packages: Sequence[Found],
    path: str,
    reporter: Reporter,
    text: str,
    pins: Mapping[tuple[str, str], Origin] | None = None,
) -> Iterator[Finding]:
    """The findings of one file; the same package twice in it is one. `text` is the file's, for the lines."""
    lock = lock_file(path)
    places = Places(lock, text) if lock and text else None
    for found in {found.package.key: found for found in packages if found.vulnerabilities}.values():
        origin = (pins or {}).get(found.package.key)
        if origin is None:
            line = places.line_of(*found.package.key) if places else None
            origin = Origin(path, line, scope_of(found, tells_dev=bool(lock and lock.tells_dev)))
        yield from reporter.findings(found, origin)
