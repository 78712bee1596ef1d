#!/usr/bin/env python3
"""Make what `make scan-all` needs beyond the tree, in a folder: `python scripts/example_data.py FOLDER`.

That is the example image as `image.tar`, small vulnerability databases for Trivy and Grype (a real one is a large
download, and not always to be had), and `scangate.toml`: settings that switch every scanner on and name them.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scangate.scanners.registry import SCANNERS  # noqa: E402 (found through the line above)
from scangate.toolstore import ToolStore  # noqa: E402
from tests.vulnerabilities.grype_database import write_grype_database  # noqa: E402
from tests.vulnerabilities.trivy_database import write_trivy_database  # noqa: E402

SETTINGS = """\
image = ["image.tar"]
advisories = "{advisories}"

[scanners.trivy]
enabled = true
database = "trivy"

[scanners.grype]
enabled = true
database = "grype"
"""


def main() -> int:
    """Write everything into the folder; what is there already is replaced."""
    folder = Path(sys.argv[1]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    writer = ROOT / "examples" / "image" / "images.py"
    subprocess.run([sys.executable, str(writer), str(folder / "image.tar")], check=True)
    write_trivy_database(folder / "trivy")
    grype = ToolStore().find(SCANNERS["grype"].tool)
    if grype is None:
        print("grype is not installed; next: scangate tools install grype", file=sys.stderr)
        return 3
    write_grype_database(folder / "grype", grype=grype.path)
    settings = SETTINGS.format(advisories=ROOT / "examples" / "advisories")
    (folder / "scangate.toml").write_text(settings, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
