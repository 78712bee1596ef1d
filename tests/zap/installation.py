"""A real ZAP for tests: from Maven Central, checked, put together as a released ZAP lies on disk, and kept.

It lies in `test-data` in scangate's data folder, or in `$SCANGATE_DATA_DIR` where that is set (for CI caches), and is
made anew when anything in this folder that it is made of changes. Maven Central has the core and four add-ons, but no
rules and no passive scanner: `rules/` are ours. To take another version, change pom.xml, and write jars.sha256 anew:

    mvn -f tests/zap/pom.xml dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory=/tmp/jars
    (cd /tmp/jars && sha256sum *.jar) >tests/zap/jars.sha256

`python -m tests.zap.installation` prints the folder.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from filelock import FileLock

from tests.vulnerabilities.go_programs import kept_data

VERSION = "2.17.0"
NO_JAVA = "a real ZAP needs Java 17 and Maven: apt-get install openjdk-17-jdk-headless maven"

_HERE = Path(__file__).parent
_ADD_ONS = {"network": "beta", "commonlib": "release", "spider": "release", "automation": "beta"}
"""Status by add-on: ZAP reads it, the add-on's id and its version from the file's name."""

# ZAP does not start without a callhome add-on, and loads no spider without a database one: neither is in Maven Central.
_STUBS = ("callhome-release-99.0.0.zap", "database-alpha-99.0.0.zap")
_STUB = (
    "<zapaddon><name>Stub</name><version>99.0.0</version><status>release</status>"
    f"<not-before-version>{VERSION}</not-before-version></zapaddon>"
)
_BUNDLED = re.compile(r"<lib>\s*libs/([^<\s]+)\s*</lib>")
_COPY_JARS = ("mvn", "-B", "-q", "-ntp", "dependency:copy-dependencies", "-DincludeScope=runtime")
_COMPILE = ("javac", "-proc:none", "-Xlint:-options", "-nowarn", "--release", "17")


def zap_folder() -> Path:
    """The folder of an installed ZAP: `zap.sh` starts it. The first call takes a while, and needs Maven's registry.

    Raises:
        RuntimeError: Java or Maven is missing, or a jar is not the one that jars.sha256 names.
        subprocess.CalledProcessError: Maven or the compiler failed, and said why on standard error.
    """
    _require_java()
    folder = kept_data() / f"zap-{VERSION}-{_digest()}"
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            _assemble(folder)
    return folder


def _digest() -> str:
    """Twelve digits for everything that the installation is made of."""
    digest = hashlib.sha256()
    rules = sorted(path for path in (_HERE / "rules").rglob("*") if path.is_file())
    for path in (_HERE / "pom.xml", _HERE / "jars.sha256", _HERE / "zap.sh", Path(__file__), *rules):
        digest.update(path.relative_to(_HERE).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def _assemble(folder: Path) -> None:
    unfinished = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(unfinished, ignore_errors=True)  # of a run that was ended
    library, plugins = unfinished / "lib", unfinished / "plugin"
    plugins.mkdir(parents=True)
    _fetch(library)
    for name, status in _ADD_ONS.items():
        _add_on(_jar(library, name), plugins, status)
    for stub in _STUBS:
        with zipfile.ZipFile(plugins / stub, "w") as archive:
            archive.writestr("ZapAddOn.xml", _STUB)
    _remove_bundled(library, plugins)
    _compile_rules(library, plugins / "testrules-alpha-1.0.0.zap")
    _jar(library, "zap").rename(unfinished / f"zap-{VERSION}.jar")
    shutil.copy(_HERE / "zap.sh", unfinished)
    unfinished.rename(folder)


def _require_java() -> None:
    if not shutil.which("mvn") or not shutil.which("javac"):
        raise RuntimeError(NO_JAVA)
    said = subprocess.run(["javac", "-version"], capture_output=True, text=True, check=True).stdout
    version = re.match(r"javac (\d+)", said)
    if version is None or int(version[1]) < 17:
        raise RuntimeError(f"{NO_JAVA} (this is {said.strip()})")


def _fetch(library: Path) -> None:
    """Let Maven bring the jars; what it prints goes to standard error."""
    subprocess.run([*_COPY_JARS, f"-DoutputDirectory={library}"], cwd=_HERE, stdout=sys.stderr, check=True)
    check_jars(library, (_HERE / "jars.sha256").read_text())


def check_jars(folder: Path, pins: str) -> None:
    """Take a folder's files only if they are the ones of the pins, all of them. `pins` is what `sha256sum` prints.

    Raises:
        RuntimeError: a file is another, is missing, or is not pinned; names all of these.
    """
    pinned = {name: digest for digest, name in map(str.split, pins.splitlines())}
    brought = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.iterdir()}
    if wrong := {name for name, _ in pinned.items() ^ brought.items()}:
        raise RuntimeError(f"not as jars.sha256 pins them: {', '.join(sorted(wrong))}")


def _jar(library: Path, name: str) -> Path:
    """The one jar of that name, whatever its version."""
    (jar,) = library.glob(f"{name}-[0-9]*.jar")
    return jar


def _add_on(jar: Path, plugins: Path, status: str) -> None:
    """Move an add-on's jar to its place, with the libraries inside that it names."""
    name, _, version = jar.stem.partition("-")
    add_on = jar.rename(plugins / f"{name}-{status}-{version}.zap")
    with zipfile.ZipFile(add_on, "a") as archive:
        for library in _bundled(archive):
            archive.write(jar.parent / library, f"libs/{library}")
        if name == "network":
            _add_binding(archive, _jar(jar.parent, "log4j-slf4j-impl"))


def _bundled(add_on: zipfile.ZipFile) -> list[str]:
    return _BUNDLED.findall(add_on.read("ZapAddOn.xml").decode())


def _add_binding(add_on: zipfile.ZipFile, binding: Path) -> None:
    """Put the classes that bind slf4j to log4j in the add-on: they must come from the same loader as its slf4j."""
    with zipfile.ZipFile(binding) as classes:
        for name in classes.namelist():
            if name.endswith(".class"):
                add_on.writestr(name, classes.read(name))
    binding.unlink()


def _remove_bundled(library: Path, plugins: Path) -> None:
    """Take off the class path what add-ons bring themselves: two copies of a class do not fit each other."""
    for add_on in plugins.iterdir():
        with zipfile.ZipFile(add_on) as archive:
            for name in _bundled(archive):
                (library / name).unlink(missing_ok=True)


def _compile_rules(library: Path, add_on: Path) -> None:
    classes = library.parent / "classes"
    sources = sorted((_HERE / "rules" / "src").rglob("*.java"))
    subprocess.run([*_COMPILE, "-cp", f"{library}/*", "-d", classes, *sources], check=True)
    with zipfile.ZipFile(add_on, "w") as archive:
        archive.write(_HERE / "rules" / "ZapAddOn.xml", "ZapAddOn.xml")
        for path in sorted(classes.rglob("*.class")):
            archive.write(path, path.relative_to(classes))
    shutil.rmtree(classes)


if __name__ == "__main__":
    try:
        print(zap_folder())
    except RuntimeError as error:
        sys.exit(str(error))
