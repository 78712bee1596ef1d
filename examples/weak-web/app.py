"""A small web shop that is weak on purpose: an example to scan, never to be deployed. Serves loopback only.

    python examples/weak-web/app.py --port 8080

Needs the standard library alone. Accounts come from WEAK_WEB_USER, WEAK_WEB_PASSWORD, WEAK_WEB_STAFF and
WEAK_WEB_STAFF_PASSWORD; without them they are made up (see README.md).
"""

from __future__ import annotations

import argparse
import sys
from http.server import ThreadingHTTPServer
from typing import Any

sys.dont_write_bytecode = True  # examples are scanned: nothing is left between their files

import api  # noqa: F401 (imported for its routes)
import pages  # noqa: F401
from web import Handler


class Server(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that went away; anything else is worth its traceback."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


def main() -> None:
    parser = argparse.ArgumentParser(description="A web shop that is weak on purpose. An example: never deploy it.")
    parser.add_argument("--port", type=int, default=8080, help="on 127.0.0.1; 0 takes a free one")
    with Server(("127.0.0.1", parser.parse_args().port), Handler) as server:
        print(f"weak-web, an example that is weak on purpose, on 127.0.0.1:{server.server_port}", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print("stopped")


if __name__ == "__main__":
    main()
