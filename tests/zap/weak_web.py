"""The weak web shop of the examples, running on a free loopback port.

with weak_web() as address:                        # http://127.0.0.1:PORT
    ...
"""

from __future__ import annotations

import base64
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

FOLDER = Path(__file__).parents[2] / "examples" / "weak-web"
CUSTOMER, PASSWORD = "alice", "made-up & weak"
STAFF, STAFF_PASSWORD = "carol", "made-up = weak"


@contextmanager
def weak_web(environment: Mapping[str, str] | None = None) -> Iterator[str]:
    """Serve the shop until the end of the block; yields its address. `environment` may name other accounts.

    Raises:
        RuntimeError: it does not start; it said why on standard error.
    """
    given = {name: value for name, value in os.environ.items() if not name.startswith("WEAK_WEB_")}
    command = [sys.executable, str(FOLDER / "app.py"), "--port=0"]
    with subprocess.Popen(command, env={**given, **(environment or {})}, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        listens = re.search(r"127\.0\.0\.1:\d+", process.stdout.readline())
        try:
            if listens is None:
                raise RuntimeError("the weak web shop does not start")
            yield f"http://{listens[0]}"
        finally:
            process.terminate()


def login_headers(address: str, login: str | None) -> dict[str, str]:
    """What a client sends that is logged in as the shop's truth names it: customer, staff, basic or bearer."""
    if login is None:
        return {}
    user, password = (STAFF, STAFF_PASSWORD) if login == "staff" else (CUSTOMER, PASSWORD)
    if login == "basic":
        return {"Authorization": f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"}
    token = httpx.post(f"{address}/api/login", json={"user": user, "password": password}).json()["token"]
    return {"Authorization": f"Bearer {token}"} if login == "bearer" else {"Cookie": f"session={token}"}
