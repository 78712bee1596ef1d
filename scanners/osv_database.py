"""OSV records as osv-scanner's offline databases: for each ecosystem one archive `all.zip`.

The folder is the one that pip-audit reads (`advisories.py`). Where an ecosystem has a single archive, that is handed
on as it is; from anything else we make one. The date is that of the newest record; of a large archive only a part of
the records is read for it, so it may be a little too old and is never too new.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from scangate.model import Skip
from scangate.scanners.advisories import (
    FileState,
    advisory_files,
    read_record,
    record_texts,
    rfc3339,
    shown,
    unreadable_folder,
)
from scangate.scanners.osv import Affected, Record

_SAMPLE = 5_000
"""How many records of one archive are read for its date and for the ecosystems that it is about."""


@dataclass(frozen=True)
class Database:
    """An ecosystem's records: an archive in the advisories' folder, or the bytes of one. `date` is RFC 3339."""

    archive: Path | bytes
    date: str
    damaged: tuple[Skip, ...] = ()


@dataclass(frozen=True)
class _Survey:
    """What a file of records holds: the date of the newest record by ecosystem, and what cannot be read."""

    newest: dict[str, datetime]
    damaged: tuple[Skip, ...]


def load_database(folder: Path, ecosystem: str) -> Database | None:
    """The folder's records about an ecosystem, given by its OSV name; None where it has none.

    Raises:
        ScannerError: the folder or an archive in it cannot be read.
    """
    try:
        files = advisory_files(folder, ecosystem)
    except OSError as error:
        raise unreadable_folder(folder, error) from error
    surveys = {file: _survey(*file) for file in files}
    holding = [file for file in files if ecosystem in surveys[file].newest]
    if not holding:
        return None
    newest = max(surveys[file].newest[ecosystem] for file in holding)
    damaged = [skip for file in files for skip in surveys[file].damaged]
    return Database(_archive(holding), rfc3339(newest), shown(damaged))


@lru_cache(maxsize=10_000)
def _survey(path: Path, _: int, size: int) -> _Survey:
    newest: dict[str, datetime] = {}
    damaged: list[Skip] = []
    for name, data in record_texts(path, size, most=_SAMPLE):
        record = read_record(name, data)
        if isinstance(record, Skip):
            damaged.append(record)
            continue
        for ecosystem in record.ecosystems:
            newest[ecosystem] = max(record.modified, newest.get(ecosystem, record.modified))
    return _Survey(newest, tuple(damaged))


def _archive(files: Sequence[FileState]) -> Path | bytes:
    """One archive of all records; the tool takes from it what concerns the ecosystem."""
    if len(files) == 1 and files[0][0].suffix == ".zip":
        return files[0][0].resolve()
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for number, record in enumerate(_records(files)):
            archive.writestr(f"{number}.json", record.model_dump_json(exclude_none=True))
    return content.getvalue()


def _records(files: Sequence[FileState]) -> Iterator[Record]:
    """The records with nothing but what we know of them: a field that osv-scanner does not know would lose it the
    whole record, and a range of git commits those that follow.
    """
    for path, _, size in files:
        for name, data in record_texts(path, size):
            record = read_record(name, data)
            if isinstance(record, Record):
                yield record.model_copy(update={"affected": tuple(map(_without_commits, record.affected))})


def _without_commits(affected: Affected) -> Affected:
    return affected.model_copy(update={"ranges": tuple(r for r in affected.ranges if r.type != "GIT")})
