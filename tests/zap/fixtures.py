"""Fixtures of the real ZAP, for tests marked `real`: `zap_home`, where it is installed, and `zap`, which runs.

A test module has them by `pytest_plugins = ["tests.zap.fixtures"]`.
Without Java and Maven such tests are skipped, and fail in CI.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.zap.daemon import RunningZap, running_zap
from tests.zap.installation import zap_folder

_IN_CI = bool(os.environ.get("CI"))


@pytest.fixture(scope="session")
def zap_home() -> Path:
    """The folder of an installed ZAP, with its `zap.sh`."""
    try:
        return zap_folder()
    except RuntimeError as error:
        (pytest.fail if _IN_CI else pytest.skip)(str(error))


@pytest.fixture(scope="session")
def zap(zap_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningZap]:
    """One running ZAP for all tests of a session: each test begins with `core/action/newSession`."""
    with running_zap(zap_home, tmp_path_factory.mktemp("zap")) as running:
        yield running
