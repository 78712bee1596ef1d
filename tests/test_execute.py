"""What becomes of a task's shares, and what a job is given to work with."""

import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from scangate import execute
from scangate.execute import Context, Event, Inputs, run_in_private, run_plan
from scangate.inventory import take_inventory
from scangate.model import LedgerState, Skip, WebProof
from scangate.plan import make_plan
from scangate.scanners.interface import (
    Command,
    Job,
    Output,
    Parsed,
    ScannerError,
    Target,
    Tool,
    ToolSpec,
    WebLimits,
    WebOptions,
    Workbench,
)
from scangate.scanners.semgrep import Semgrep


class Reader(Semgrep):
    """A scanner that cannot read some files: `lost` wholly, `torn` in part."""

    def __init__(self, lost: set[str], torn: set[str], state: LedgerState) -> None:
        self.lost, self.torn, self.state = lost, torn, state

    def run(self, job: Job, execute: Callable[[Command], Output]) -> Parsed:
        skipped = tuple(Skip(path=path, reason="unreadable") for path in sorted(self.lost | self.torn))
        return Parsed(skipped=skipped, state=self.state, reason="some", unseen=frozenset(self.lost))


@pytest.mark.parametrize(
    ("lost", "torn", "state", "kinds"),
    [
        ({"b.js", "c.js"}, set(), LedgerState.PARTIAL, {"python-code"}),
        ({"b.js"}, set(), LedgerState.PARTIAL, {"python-code", "javascript-code"}),
        ({"b.js"}, {"c.js"}, LedgerState.PARTIAL, {"python-code", "javascript-code"}),
        ({"b.js", "c.js"}, set(), LedgerState.FAILED, {"python-code", "javascript-code"}),
    ],
)
def test_an_entry_claims_no_kind_of_which_every_file_was_lost(
    tmp_path: Path, lost: set[str], torn: set[str], state: LedgerState, kinds: set[str]
) -> None:
    for name in ("a.py", "b.js", "c.js"):
        (tmp_path / name).write_text("x = 1\n")
    inventory = take_inventory(tmp_path)
    context = Context(
        root=inventory.root,
        cores=1,
        find_tool=lambda spec, say: Tool(Path("/none"), "1", "store"),
        notify=lambda event: None,
        cancel=threading.Event(),
    )
    ran = run_plan(make_plan(inventory, [Reader(lost, torn, state)], unwanted={}, cores=1), context)
    assert set(ran.ledger[0].kinds) == kinds


class Driving(Semgrep):
    """A scanner that does with its workbench what a test wants, and finds its program itself."""

    tool = ToolSpec("driving", "", ">=0")

    def __init__(self, work: Callable[[Job, Workbench], Parsed]) -> None:
        self.run = work


TARGET = Target("http://x", ("web-application",), subject="http://x")
SERVES = (
    sys.executable,
    "-c",
    "import sys, time; print('here', flush=True); sys.stderr.write('there'); time.sleep(60)",
)


def drive(
    root: Path,
    work: Callable[[Job, Workbench], Parsed],
    *,
    told: list[Event] | None = None,
    cancel: threading.Event | None = None,
    timeouts: Mapping[str, float] | None = None,
    web: WebOptions | None = None,
) -> Parsed:
    context = Context(
        root=root,
        cores=1,
        find_tool=lambda spec, say: Tool(Path("/none"), "1", "store"),
        notify=lambda event: None if told is None else told.append(event),
        cancel=cancel or threading.Event(),
        timeouts=timeouts or {},
        inputs={"semgrep": Inputs(web=web)},
    )
    return run_in_private(Driving(work), TARGET, None, context)


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "in vain"
        time.sleep(0.01)


def test_a_job_has_a_service_beside_it(tmp_path: Path) -> None:
    def work(job: Job, workbench: Workbench) -> Parsed:
        with workbench.start(Command(SERVES, files={"secret": b"k3y"})) as service:
            assert (job.work / "secret").stat().st_mode & 0o777 == 0o600
            wait_for(lambda: "here" in service.said())
            assert workbench(Command((sys.executable, "-c", "print('meanwhile')"))).report == b"meanwhile\n"
            assert service.ended == ""
            service.stop(0)
            assert service.ended == "ended by us"
        return Parsed(tool="launched: here", web=WebProof(profile="full"))

    assert drive(tmp_path, work).tool == "launched: here"


@pytest.mark.parametrize(
    ("code", "ended"),
    [
        ("import sys; sys.exit(3)", "exit code 3"),
        ("import os; os.kill(os.getpid(), 9)", "killed by SIGKILL"),
    ],
)
def test_how_a_service_ended_is_said_in_words(tmp_path: Path, code: str, ended: str) -> None:
    def work(job: Job, workbench: Workbench) -> Parsed:
        with workbench.start(Command((sys.executable, "-c", code))) as service:
            wait_for(lambda: service.ended)
            assert service.ended == ended
            workbench.check()
        return Parsed()

    drive(tmp_path, work)


def test_a_service_that_cannot_start_is_missing(tmp_path: Path) -> None:
    def work(job: Job, workbench: Workbench) -> Parsed:
        with workbench.start(Command(("/nowhere/zap.sh",))):
            raise AssertionError("it cannot be there")

    with pytest.raises(ScannerError, match="cannot be started") as raised:
        drive(tmp_path, work)
    assert raised.value.state is LedgerState.MISSING
    assert "scangate tools install semgrep" in raised.value.mend


def test_the_end_of_a_jobs_time_ends_its_service(tmp_path: Path) -> None:
    def work(job: Job, workbench: Workbench) -> Parsed:
        with workbench.start(Command(SERVES)) as service:
            wait_for(lambda: service.ended)
            workbench.check()
        return Parsed()

    with pytest.raises(ScannerError) as raised:
        drive(tmp_path, work, timeouts={"semgrep": 0.5})
    assert raised.value.state is LedgerState.TIMED_OUT


def test_an_interrupt_ends_a_jobs_service(tmp_path: Path) -> None:
    cancel = threading.Event()

    def work(job: Job, workbench: Workbench) -> Parsed:
        with workbench.start(Command(SERVES)) as service:
            cancel.set()
            wait_for(lambda: service.ended)
            workbench.check()
        return Parsed()

    with pytest.raises(ScannerError, match="interrupted by the user"):
        drive(tmp_path, work, cancel=cancel)


def test_what_a_scanner_tells_is_an_event(tmp_path: Path) -> None:
    told: list[Event] = []

    def work(job: Job, workbench: Workbench) -> Parsed:
        workbench.tell("active scan 45 %")
        return Parsed()

    drive(tmp_path, work, told=told)
    assert told == [Event("semgrep", "http://x", "running", note="active scan 45 %")]


def test_a_web_scan_has_the_time_that_its_own_limit_wants(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execute, "_WEB_MARGIN", 0.5)

    def work(job: Job, workbench: Workbench) -> Parsed:
        with workbench.start(Command(SERVES)) as service:
            wait_for(lambda: service.ended)
            workbench.check()
        return Parsed()

    with pytest.raises(ScannerError) as raised:
        drive(tmp_path, work, web=WebOptions(limits=WebLimits(minutes=0.01)))
    assert raised.value.reason == "took longer than 1 s and was ended"


def test_an_entry_shows_what_a_scan_of_an_application_reached(tmp_path: Path) -> None:
    proof = WebProof(profile="baseline", urls=3)

    def work(job: Job, workbench: Workbench) -> Parsed:
        return Parsed(web=proof, tool="attached: http://127.0.0.1:8090", version="2.17.0")

    (tmp_path / "a.py").write_text("x = 1\n")
    inventory = take_inventory(tmp_path)
    context = Context(
        root=inventory.root,
        cores=1,
        find_tool=lambda spec, say: pytest.fail("nobody shall look for a program"),
        notify=lambda event: None,
        cancel=threading.Event(),
    )
    (entry,) = run_plan(make_plan(inventory, [Driving(work)], unwanted={}, cores=1), context).ledger
    assert (entry.web, entry.tool, entry.version) == (proof, "attached: http://127.0.0.1:8090", "2.17.0")
