"""What is said when a tool cannot be had, or must not be run."""

from __future__ import annotations

from packaging.specifiers import SpecifierSet

from scangate.scanners.interface import ToolSpec


class ToolError(Exception):
    """A tool that cannot be had: `reason` in words, and `mend`, the command or step that helps."""

    def __init__(self, reason: str, *, mend: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.mend = mend


def install_step(tool: str) -> str:
    """The step that helps where a tool is missing."""
    return f"scangate tools install {tool}"


def check_not_refused(spec: ToolSpec, version: str, *, where: str) -> None:
    """Raise ToolError if this version of the tool must never run; `where` says which program it is."""
    for releases, why in spec.refused.items():
        if SpecifierSet(releases).contains(version, prereleases=True):
            hint = f"remove that program; for a release that may run: {install_step(spec.name)}"
            raise ToolError(f"{where} is {spec.name} {version}, which is never run: {why}", mend=hint)
