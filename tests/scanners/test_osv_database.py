"""The folder of advisories as osv-scanner's databases."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from scangate.scanners import osv_database
from scangate.scanners.interface import ScannerError
from scangate.scanners.osv_database import load_database


def record(advisory: str, ecosystem: str = "npm", modified: str = "2026-01-01T00:00:00Z", **more: Any) -> str:
    return json.dumps(
        {
            "id": advisory,
            "modified": modified,
            "affected": [{"package": {"ecosystem": ecosystem, "name": "a"}, "versions": ["1"]}],
        }
        | more
    )


def pack(path: Path, *records: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for number, one in enumerate(records):
            archive.writestr(f"{number}.json", one)
    return path


def ids(content: bytes | Path) -> set[str]:
    assert isinstance(content, bytes)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {json.loads(archive.read(name))["id"] for name in archive.namelist()}


@pytest.mark.parametrize("base", ["", "osv-scanner", "osv-scalibr"])
def test_a_single_archive_is_handed_on_as_it_is(tmp_path: Path, base: str) -> None:
    path = pack(
        tmp_path / base / "npm" / "all.zip", record("GHSA-1"), record("GHSA-2", modified="2026-02-01T00:00:00Z")
    )
    database = load_database(tmp_path, "npm")
    assert database is not None
    assert (database.archive, database.date, database.damaged) == (path.resolve(), "2026-02-01T00:00:00Z", ())
    assert load_database(tmp_path, "Go") is None


def test_a_link_to_an_archive_is_the_archive(tmp_path: Path) -> None:
    path = pack(tmp_path / "elsewhere.zip", record("GHSA-1"))
    (tmp_path / "db" / "npm").mkdir(parents=True)
    (tmp_path / "db" / "npm" / "all.zip").symlink_to(path)
    database = load_database(tmp_path / "db", "npm")
    assert database is not None and database.archive == path.resolve()


def test_an_archive_of_all_ecosystems_serves_those_that_it_holds(tmp_path: Path) -> None:
    path = pack(tmp_path / "all.zip", record("GHSA-1"), record("GO-1", "Go"), record("DSA-1", "Debian:12"))
    for ecosystem in ("npm", "Go", "Debian"):
        database = load_database(tmp_path, ecosystem)
        assert database is not None and database.archive == path.resolve()
    assert load_database(tmp_path, "Maven") is None


def test_loose_records_and_archives_become_one(tmp_path: Path) -> None:
    pack(tmp_path / "npm" / "all.zip", record("GHSA-1"), "garbage")
    (tmp_path / "npm" / "own.json").write_text(record("ACME-1", modified="2026-03-01T00:00:00Z"))
    (tmp_path / "other.json").write_text(record("GO-1", "Go"))
    database = load_database(tmp_path, "npm")
    assert database is not None
    assert ids(database.archive) == {"GHSA-1", "ACME-1"}
    assert database.date == "2026-03-01T00:00:00Z"
    assert [skip.path for skip in database.damaged] == ["all.zip/1.json"]


def test_a_folder_named_after_an_ecosystem_must_hold_it(tmp_path: Path) -> None:
    pack(tmp_path / "npm" / "all.zip", record("GO-1", "Go"))
    assert load_database(tmp_path, "npm") is None


def test_no_archive_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "npm").mkdir()
    (tmp_path / "npm" / "all.zip").write_bytes(b"PK garbage")
    with pytest.raises(ScannerError) as error:
        load_database(tmp_path, "npm")
    assert "all.zip" in error.value.reason
    assert load_database(tmp_path / "nowhere", "npm") is None


def test_of_a_large_archive_a_part_is_read_and_the_date_is_never_too_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(osv_database, "_SAMPLE", 10)
    records = [record(f"GHSA-{n}", modified=f"2026-01-01T00:{n // 60:02}:{n % 60:02}Z") for n in range(95)]
    pack(tmp_path / "npm" / "all.zip", *records)
    database = load_database(tmp_path, "npm")
    assert database is not None
    assert "2026-01-01T00:01:20Z" <= database.date <= "2026-01-01T00:01:34Z"
