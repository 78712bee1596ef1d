"""Trivy's vulnerability database: where it is, how old it is, and how a run reads it without writing to it.

Trivy keeps everything in one cache folder: `db/` (vulnerabilities), `java-db/` (which jar is which), `policy/` (its
checks). A run gets a cache folder of its own with links to these, so that nothing of the user's is changed.
https://trivy.dev/docs/latest/configuration/db/
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
from contextlib import closing
from pathlib import Path

from platformdirs import user_cache_path

from scangate.scanners.interface import Job, ScannerError, failed

CACHE = "cache"
"""The cache folder below a job's `work`."""
_LINKED = ("db", "java-db", "policy")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
_JAVA_METADATA = {
    "Version": 1,
    "NextUpdate": "2099-01-01T00:00:00Z",
    "UpdatedAt": "2026-01-01T00:00:00Z",
    "DownloadedAt": "2026-01-01T00:00:00Z",
}
_JAVA_TABLES = """
    CREATE TABLE artifacts(id INTEGER PRIMARY KEY, group_id TEXT, artifact_id TEXT);
    CREATE TABLE indices(artifact_id INTEGER, version TEXT, sha1 BLOB, archive_type TEXT);
"""


def lay_out_cache(job: Job) -> None:
    """Make the run's cache folder, with links to what there is in the user's."""
    cache, source = job.work / CACHE, cache_folder(job)
    cache.mkdir(exist_ok=True)
    for name in _LINKED:
        if (source / name).is_dir() and not (cache / name).is_symlink():
            (cache / name).symlink_to(source / name, target_is_directory=True)


def cache_folder(job: Job) -> Path:
    """The cache folder that settings name, else the one that Trivy itself uses."""
    named = os.environ.get("TRIVY_CACHE_DIR")
    return (job.database or (Path(named) if named else user_cache_path("trivy"))).absolute()


def missing_database(job: Job) -> ScannerError | None:
    """The error of a run that needs the database where there is none; None where there is one."""
    folder = cache_folder(job)
    if all((folder / "db" / name).is_file() for name in ("trivy.db", "metadata.json")):
        return None
    where = f" --cache-dir {folder}" if job.database or os.environ.get("TRIVY_CACHE_DIR") else ""
    return failed(
        f"there is no vulnerability database in {folder / 'db'}", mend=f"{job.program} image --download-db-only{where}"
    )


def database_date(job: Job) -> str:
    """When the database was built, RFC 3339 in UTC; empty where it does not say."""
    try:
        metadata = json.loads((cache_folder(job) / "db" / "metadata.json").read_text(encoding="utf-8"))
        match = _MOMENT.match(metadata["UpdatedAt"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    return f"{match[0]}Z" if match else ""


def write_empty_java_database(job: Job) -> None:
    """A database that knows no jar, for a run without one: jars are then told only by what they say of themselves."""
    folder = job.work / CACHE / "java-db"
    folder.unlink(missing_ok=True)
    folder.mkdir()
    (folder / "metadata.json").write_text(json.dumps(_JAVA_METADATA), encoding="utf-8")
    with closing(sqlite3.connect(folder / "trivy-java.db")) as database:
        database.executescript(_JAVA_TABLES)
