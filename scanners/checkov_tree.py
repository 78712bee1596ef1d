"""What checkov is given to read, and what it read of that.

checkov passes over files in silence: YAML that does not parse, manifests in which `{{ .Values.x }}` stands anywhere,
templates in flow style. So each framework gets a probe with a known result beside the files, and a file that no
result names counts as looked at only where there is nothing in it to check.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Collection, Iterable
from pathlib import PurePosixPath

from scangate.model import Skip
from scangate.scanners.interface import Job
from scangate.scanners.source import SourceTree
from scangate.scanners.staging import files_below, read_files

FRAMEWORKS = {
    "terraform": ("terraform", "terraform_json"),
    "cloudformation": ("cloudformation",),
    "kubernetes": ("kubernetes",),
    "helm": ("helm",),
    "dockerfile": ("dockerfile",),
    "github-actions": ("github_actions",),
    "arm": ("arm",),
    "serverless": ("serverless",),
}
"""checkov's frameworks for each inventory kind."""

FOLDER = "tree"
"""The scanned folder below the job's `work`. The files lie one level deeper, where no `.checkov.yaml` is looked for."""
_FILES = "files"
_PROBES = "probes"

_ARM_SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
_VAULT = {"type": "Microsoft.KeyVault/vaults/secrets", "apiVersion": "2019-09-01", "name": "probe", "properties": {}}
_PROBE_FILES = {
    "terraform": ("main.tf", 'resource "aws_sqs_queue" "scangate_probe" {}\n'),
    "terraform_json": ("main.tf.json", '{"resource": {"aws_sqs_queue": {"scangate_probe": {}}}}\n'),
    "cloudformation": (
        "cfn.yaml",
        "Resources:\n  Probe:\n    Type: AWS::SQS::Queue\n    Properties:\n      Tags: []\n",
    ),
    "kubernetes": ("kubernetes.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: probe\n"),
    "dockerfile": ("Dockerfile", "FROM scratch\n"),
    "github_actions": (".github/workflows/probe.yml", "on: push\njobs: {a: {runs-on: a, steps: [{run: a}]}}\n"),
    "arm": ("arm.json", json.dumps({"$schema": _ARM_SCHEMA, "contentVersion": "1.0.0.0", "resources": [_VAULT]})),
    "serverless": (
        "serverless.yml",
        "service: probe\nprovider: {name: aws, runtime: a}\nfunctions: {a: {handler: a}}\n",
    ),
}
"""A tiny file for each framework that every run of it must name. A Helm chart's own templates do that."""

_CHECKOV_DOCKERFILE = re.compile(r"(?:.+\.)?[Dd]ockerfile(?:\..+)?")
_DOCKERFILE = re.compile(r"dockerfile|containerfile", re.IGNORECASE)
_RENAMED = ((".tofu.json", ".tf.json"), (".tofu", ".tf"), (".tf", ".tf"))
_NEVER_SILENT = (".tf", ".tofu", ".tfvars", ".tfvars.json", ".tofuvars.json")
"""HCL that does not parse is in checkov's list of errors, so silence means that there is nothing to check."""

_CHECKED_KIND = re.compile(
    "AdmissionConfiguration|ClusterRole|ClusterRoleBinding|ConfigMap|CronJob|DaemonSet|Deployment|DeploymentConfig|"
    "Ingress|Job|List|Pod|PodSecurityPolicy|PodTemplate|ReplicaSet|ReplicationController|Role|RoleBinding|Secret|"
    "Service|ServiceAccount|StatefulSet"
)
"""The Kubernetes kinds that checkov has checks for; in a `List` there may be any."""
_KIND = re.compile(r"""^kind:[ \t]+["']?(\w+)["']?[ \t]*(?:#.*)?$""", re.MULTILINE)
_CONTENT = re.compile(r"^[ \t]*[^\s#]", re.MULTILINE)
_DECLARATIONS = frozenset({"variable", "output", "locals", "terraform", "//"})


def frameworks(kinds: Iterable[str]) -> tuple[str, ...]:
    """The frameworks to run for some kinds; Helm only where its program is installed."""
    names = {name for kind in kinds for name in FRAMEWORKS.get(kind, ())}
    return tuple(sorted(names - (set() if shutil.which("helm") else {"helm"})))


def staged_files(job: Job) -> dict[str, bytes]:
    """What to write below `work`: the target's files under names that checkov reads, whole charts, and the probes."""
    names = staged_names(job.target.files)
    run = frameworks(job.target.kinds)
    charts = _charts(job.target.files) if "helm" in run else set()
    in_charts = (path for chart in sorted(charts) for path in files_below(job.root, chart))
    files = dict(read_files(job.root, dict.fromkeys((*job.target.files, *in_charts))))
    staged = {f"{FOLDER}/{_FILES}/{names.get(path, path)}": content for path, content in files.items()}
    probes = (_PROBE_FILES[name] for name in run if name in _PROBE_FILES)
    return staged | {f"{FOLDER}/{_PROBES}/{path}": text.encode() for path, text in probes}


def staged_names(files: Collection[str]) -> dict[str, str]:
    """The name under which each file is staged: its own, or one that checkov takes for the same language."""
    taken = set(files)
    return {path: _staged_name(path, taken) for path in files}


def _staged_name(path: str, taken: set[str]) -> str:
    suffix = next((new for old, new in _RENAMED if path.lower().endswith(old) and not path.endswith(new)), "")
    name = PurePosixPath(path).name
    if _DOCKERFILE.search(name) and not _CHECKOV_DOCKERFILE.fullmatch(name):
        suffix = ".Dockerfile"
    while suffix and path + suffix in taken:
        path += "_"
    return path + suffix


def original_path(raw: str) -> tuple[bool, str]:
    """A path in the output of a run: whether it is a probe, and its name below the folder of files or of probes."""
    folder, _, rest = raw.lstrip("/").partition("/")
    return (True, rest) if folder == _PROBES else (False, rest if folder == _FILES else raw.lstrip("/"))


def idle_frameworks(job: Job, probed: Collection[tuple[str, str]]) -> tuple[str, ...]:
    """Frameworks that left no word of their probe, where `probed` is every (framework, probe file) in the output."""
    run = (name for name in frameworks(job.target.kinds) if name in _PROBE_FILES)
    return tuple(name for name in run if (name, _PROBE_FILES[name][0]) not in probed)


def unread(job: Job, named: Collection[str], *, broken: Collection[str], tree: SourceTree) -> tuple[Skip, ...]:
    """The target's files that checkov did not look at: given the paths that results name, and its parsing errors.

    Frameworks try each other's files, so an error of one says nothing about a file that another's results name.
    """
    charts = _charts(job.target.files)
    reasons = {
        path: _unread(path, named, charts, tree, is_broken=path in broken)
        for path in job.target.files
        if path not in named
    }
    return tuple(Skip(path=path, reason=reason) for path, reason in sorted(reasons.items()) if reason)


def _unread(path: str, named: Collection[str], charts: Collection[str], tree: SourceTree, *, is_broken: bool) -> str:
    lines = tree.lines(path)
    if lines is None:
        return "it could not be read"
    is_terraform = path.lower().endswith(_NEVER_SILENT)
    if not (is_terraform and is_broken) and _nothing_to_check(path.lower(), "\n".join(lines)):
        return ""
    chart = next((chart for chart in charts if _is_below(path, chart)), None)
    if chart is None and is_broken:
        return "checkov could not parse it"
    if chart is None:
        return "checkov reported nothing on it: it could not parse it, or has no check for what is in it"
    if not shutil.which("helm"):
        return "Helm is not installed, so its chart could not be rendered"
    return "" if any(_is_below(other, chart) for other in named) else "its chart could not be rendered"


def _charts(files: Iterable[str]) -> set[str]:
    """The folders of Helm charts."""
    return {str(PurePosixPath(path).parent) for path in files if PurePosixPath(path).name.lower() == "chart.yaml"}


def _is_below(path: str, folder: str) -> bool:
    return folder == "." or path.startswith(f"{folder}/")


def _nothing_to_check(path: str, text: str) -> bool:
    """Whether silence is the right answer to a file. Any doubt says no."""
    if path.endswith(_NEVER_SILENT) or not text.strip():
        return True
    if path.endswith(".json"):
        return _json_declares_only(text)
    documents = [part for part in re.split(r"^---", text, flags=re.MULTILINE) if _CONTENT.search(part)]
    kinds = [_KIND.findall(part) for part in documents]
    return bool(kinds) and all(len(found) == 1 and not _CHECKED_KIND.fullmatch(found[0]) for found in kinds)


def _json_declares_only(text: str) -> bool:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return False
    if not isinstance(document, dict):
        return False
    kind = document.get("kind")
    return document.keys() <= _DECLARATIONS or (isinstance(kind, str) and not _CHECKED_KIND.fullmatch(kind))
