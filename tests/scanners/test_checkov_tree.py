"""What checkov is given to read: copies of the files, under names that it takes for what they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from scangate.model import LedgerState
from scangate.scanners import checkov_tree
from scangate.scanners.checkov import Checkov
from scangate.scanners.interface import Job, ScannerError, Target, Tool

CHECKOV = Checkov()
CHECKOV_PROGRAM = Tool(Path("/opt/checkov"), "3.3.30", "settings: /opt/checkov")


def job_for(root: Path, *files: str, kinds: tuple[str, ...] = ("terraform",)) -> Job:
    return Job("checkov", Target(".", kinds, files), root=root, work=root / "work", tool=CHECKOV_PROGRAM, threads=3)


def test_the_command_scans_copies_and_stays_off_the_network(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/main.tf").write_bytes(b"# \xff")
    (tmp_path / "link.tf").symlink_to(tmp_path / "a/main.tf")
    (tmp_path / "there").symlink_to(tmp_path / "a")
    (tmp_path / ".checkov.yaml").write_text("skip-check: [CKV_AWS_24]")
    command = CHECKOV.command(job_for(tmp_path, "a/main.tf", "link.tf", "there/main.tf", "../out.tf", "gone.tf"))
    staged = {path: content for path, content in command.files.items() if "/files/" in path}
    assert staged == {"tree/files/a/main.tf": b"# \xff"}
    assert {path for path in command.files if "/probes/" in path} == {
        "tree/probes/main.tf",
        "tree/probes/main.tf.json",
    }
    assert command.argv[command.argv.index("-d") + 1] == str(tmp_path / "work/tree")
    assert command.argv[command.argv.index("--framework") + 1] == "terraform,terraform_json"
    assert {"--skip-download", "--compact"} <= set(command.argv)
    assert command.env["CKV_SKIP_PACKAGE_UPDATE_CHECK"] == "true"
    assert command.env["CHECKOV_WORKERS_NUMBER"] == "3"
    assert command.argv[command.argv.index("--output-file-path") + 1] == f"{command.report},"


@pytest.mark.parametrize(
    ("path", "staged"),
    [
        ("Dockerfile", "Dockerfile"),
        ("a/Dockerfile.dev", "a/Dockerfile.dev"),
        ("web.dockerfile", "web.dockerfile"),
        ("Dockerfile-prod", "Dockerfile-prod.Dockerfile"),
        ("Containerfile", "Containerfile.Dockerfile"),
        ("DOCKERFILE", "DOCKERFILE.Dockerfile"),
        ("main.tofu", "main.tofu.tf"),
        ("main.tofu.json", "main.tofu.json.tf.json"),
        ("MAIN.TF", "MAIN.TF.tf"),
        ("main.tf", "main.tf"),
    ],
)
def test_files_are_staged_under_names_that_checkov_reads(path: str, staged: str) -> None:
    assert checkov_tree.staged_names([path]) == {path: staged}


def test_no_file_takes_the_staged_name_of_another() -> None:
    names = checkov_tree.staged_names(["Containerfile", "Containerfile.Dockerfile"])
    assert len(set(names.values())) == 2


def test_only_charts_and_no_helm_names_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(ScannerError) as caught:
        CHECKOV.command(job_for(tmp_path, "Chart.yaml", kinds=("helm",)))
    assert (caught.value.state, "Helm" in caught.value.mend) == (LedgerState.MISSING, True)
