"""A folder of OSV records as a database: the layout of osv-scanner (`PyPI/all.zip` or loose JSON), also in its own
`osv-scanner/` and `osv-scalibr/` folders, or an archive or records directly in the folder.
"""

from __future__ import annotations

import threading
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from pydantic import ValidationError

from scangate.model import Skip
from scangate.scanners.interface import ScannerError, failed
from scangate.scanners.osv import ECOSYSTEM, Record, read_version

OFFLINE_WAY = "fetch OSV records beforehand and name their folder: --advisories DIR"

_BASES = ("", "osv-scanner", "osv-scalibr")
_LARGEST_RECORD = 10_000_000
_SHOWN = 20
_LOADING = threading.Lock()


@dataclass(frozen=True)
class Advisories:
    """Records by the normalised name of their package. `date` is that of the newest record, RFC 3339;
    `damaged` names what could not be read, each of which may concern any package.
    """

    records: Mapping[str, tuple[Record, ...]]
    date: str
    damaged: tuple[Skip, ...] = ()

    def ask(self, name: str, version: str) -> tuple[Record, ...]:
        """The records that affect one version of a package.

        Raises:
            ScannerError: it is no version that can be compared.
        """
        known = read_version(version)
        if known is None:
            raise failed(f"{name}: {version[:100]!r} is no version of a Python package")
        return tuple(record for record in self.records.get(name, ()) if record.affects(name, known))


def rfc3339(moment: datetime) -> str:
    """A moment to the second, in UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def load_advisories(folder: Path) -> Advisories:
    """The folder's records for PyPI. Jobs of one run share what was loaded, as long as the files do not change.

    Raises:
        ScannerError: there is none, or an archive cannot be opened.
    """
    try:
        files = advisory_files(folder, ECOSYSTEM)
    except OSError as error:
        raise unreadable_folder(folder, error) from error
    with _LOADING:
        advisories = _load(files)
    if not advisories.records:
        mend = "put osv-scanner's PyPI/all.zip or OSV records as JSON into that folder"
        raise failed(f"{folder} holds no advisories for {ECOSYSTEM} that can be read", mend=mend)
    return advisories


FileState = tuple[Path, int, int]
"""A file with its time of change and size: what was read of it holds as long as these do."""


def advisory_files(folder: Path, ecosystem: str) -> tuple[FileState, ...]:
    """Archives and records that may concern an ecosystem, given by its OSV name. Raises OSError."""
    places = [place for base in _BASES for place in (folder / base, folder / base / ecosystem)]
    paths = sorted({path for place in places for kind in ("*.zip", "*.json") for path in place.glob(kind)})
    return tuple((path, (stat := path.stat()).st_mtime_ns, stat.st_size) for path in paths)


def unreadable_folder(folder: Path, error: OSError) -> ScannerError:
    """The folder of advisories cannot be read."""
    return failed(f"the advisories in {folder} cannot be read: {error.strerror}")


@lru_cache(maxsize=2)
def _load(files: tuple[FileState, ...]) -> Advisories:
    records: dict[str, list[Record]] = {}
    damaged: list[Skip] = []
    newest: datetime | None = None
    for path, _, size in files:
        for name, data in record_texts(path, size):
            record = read_record(name, data)
            if isinstance(record, Skip):
                damaged.append(record)
                continue
            for package in record.packages:
                records.setdefault(package, []).append(record)
                newest = max(newest or record.modified, record.modified)
    by_package = {package: tuple(found) for package, found in records.items()}
    return Advisories(by_package, rfc3339(newest) if newest else "", shown(damaged))


def read_record(name: str, data: bytes) -> Record | Skip:
    """A record, or why it is none."""
    try:
        return Record.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        return Skip(path=name, reason=f"not an OSV record: {first['msg']} {[*first['loc']] or ''}")


def shown(damaged: Sequence[Skip]) -> tuple[Skip, ...]:
    """The first damaged records, and how many more there are."""
    if len(damaged) <= _SHOWN:
        return tuple(damaged)
    more = Skip(path="advisories", reason=f"{len(damaged) - _SHOWN} more records cannot be read")
    return (*damaged[:_SHOWN], more)


def record_texts(path: Path, size: int, *, most: int | None = None) -> Iterator[tuple[str, bytes]]:
    """Each record's name and bytes; what cannot be read in an archive comes out empty, which is no record.

    Of an archive with more than `most` records only every n-th is given, so that they come to about that many.

    Raises:
        ScannerError: an archive cannot be opened.
    """
    if path.suffix == ".json":
        yield path.name, path.read_bytes() if size <= _LARGEST_RECORD else b""
        return
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError) as error:
        raise _unreadable_archive(path, error) from error
    with archive:
        members = [member for member in archive.infolist() if member.filename.endswith(".json")]
        for member in members[:: -(-len(members) // most) if most and members else 1]:
            try:
                data = archive.read(member) if member.file_size <= _LARGEST_RECORD else b""
            except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError):
                data = b""
            yield f"{path.name}/{member.filename}", data


def _unreadable_archive(path: Path, error: Exception) -> ScannerError:
    return failed(f"the advisories in {path} cannot be read: {error}", mend="fetch the archive again")
