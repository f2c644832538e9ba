"""Write a Debian package of accel-doctor for any release with Python 3.10 or later: ``accel-doctor_VERSION_ARCH.deb``.

It depends on python3 alone. What else accel-doctor needs is beside it, below /usr/lib/accel-doctor.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from email.utils import formatdate
from importlib.metadata import Distribution, distributions
from pathlib import Path

from bundle import MACHINES, ROOT, make_bundle

ARCHITECTURES = dict(zip(MACHINES, ("amd64", "arm64"), strict=True))
PLACE = "usr/lib/accel-doctor"
COMPLETIONS = {
    "bash": "usr/share/bash-completion/completions/accel-doctor",
    "zsh": "usr/share/zsh/vendor-completions/_accel-doctor",
    "fish": "usr/share/fish/vendor_completions.d/accel-doctor.fish",
}
MAINTAINER = "The accel-doctor project <packages@accel-doctor.invalid>"
PROGRAM = f"""\
#!/usr/bin/python3 -I
import sys

sys.path.insert(0, "/{PLACE}")
from accel_doctor.__main__ import main

sys.exit(main())
"""
CONTROL = """\
Package: accel-doctor
Version: {version}
Architecture: {architecture}
Maintainer: {maintainer}
Installed-Size: {size}
Depends: python3 (>= 3.10)
Recommends: ca-certificates
Section: devel
Priority: optional
Description: install Python requirements on fresh machines
 Reads builds that fail, names and installs the missing system packages after
 asking, continues the build, and keeps every wheel it builds.
"""
POSTINST = f"""\
#!/bin/sh
set -e
if [ "$1" = configure ]; then
    py3compile -p accel-doctor /{PLACE}
fi
"""
PRERM = """\
#!/bin/sh
set -e
py3clean -p accel-doctor
"""
CHANGES = """\
accel-doctor ({version}) unstable; urgency=medium

  * What changed is in changelog.gz.

 -- {maintainer}  {date}
"""
DEP_5 = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\n"


def main() -> None:
    """Write the package into the directory that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--machine", choices=MACHINES, default=os.uname().machine)
    parser.add_argument("--wheel", type=Path, help="of accel-doctor (default: built from this checkout)")
    given = parser.parse_args()
    given.directory.mkdir(parents=True, exist_ok=True)
    os.umask(0o022)
    with tempfile.TemporaryDirectory(prefix="deb-") as scratch:
        tree = Path(scratch) / "tree"
        make_bundle(tree / PLACE, (given.machine,), given.wheel)
        packages = sorted(distributions(path=[str(tree / PLACE)]), key=lambda one: one.name.lower())
        _fill(tree, packages)
        control = _control(tree, packages, ARCHITECTURES[given.machine])
        for path in tree.rglob("*"):
            path.chmod(0o755 if path.is_dir() or path.name.startswith("uv-") or path.parent.name == "bin" else 0o644)
        for name in ("postinst", "prerm"):
            (tree / "DEBIAN" / name).chmod(0o755)
        subprocess.run(
            ["dpkg-deb", "--root-owner-group", "-Zxz", "-z2", "--build", tree, given.directory / control], check=True
        )


def _fill(tree: Path, packages: list[Distribution]) -> None:
    """Add what is outside of /usr/lib: the program, its manual, completion, license and changes."""
    _write(tree / "usr/bin/accel-doctor", PROGRAM)
    for page in (ROOT / "docs/man").glob("*.1"):
        _write(tree / f"usr/share/man/man1/{page.name}.gz", page.read_text("utf-8"))
    program = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(tree / PLACE)!r}); "
               "from accel_doctor.__main__ import main; sys.exit(main())"]  # fmt: skip
    for shell, place in COMPLETIONS.items():
        script = subprocess.run([*program, "completion", shell], stdout=subprocess.PIPE, check=True, text=True).stdout
        _write(tree / place, script)
    documents = tree / "usr/share/doc/accel-doctor"
    _write(documents / "copyright", DEP_5 + "\n".join(_licenses(packages)))
    _write(documents / "changelog.gz", (ROOT / "CHANGELOG.md").read_text("utf-8"))


def _licenses(packages: list[Distribution]) -> Iterator[str]:
    said = "".join(f" {line}".rstrip().replace(" ", " .", not line) + "\n" for line in _license_text())
    yield f"Files: *\nCopyright: the accel-doctor contributors\nLicense: MIT\n{said}"
    for package in packages:
        if package.name != "accel-doctor":
            facts = package.metadata
            name = facts["License-Expression"] or (facts["License"] or "see there").splitlines()[0]
            notes = f"/{PLACE}/{re.sub('[-.]+', '_', package.name)}-{package.version}.dist-info"
            common = " and /usr/share/common-licenses/Apache-2.0" if "Apache" in name else ""
            yield f"Files: {PLACE}/{package.name}*\nCopyright: its authors\nLicense: {name}\n See {notes}{common}\n"


def _license_text() -> list[str]:
    return (ROOT / "LICENSE").read_text("utf-8").splitlines()


def _control(tree: Path, packages: list[Distribution], architecture: str) -> str:
    """Write what dpkg reads; return the name of the package's file."""
    (ours,) = (package for package in packages if package.name == "accel-doctor")
    version = re.sub(r"\.?(a|b|rc|dev)(?=\d)", r"~\1", ours.version) + "-1"
    date = formatdate(int(os.environ["SOURCE_DATE_EPOCH"]) if "SOURCE_DATE_EPOCH" in os.environ else None)
    changes = CHANGES.format(version=version, maintainer=MAINTAINER, date=date)
    _write(tree / "usr/share/doc/accel-doctor/changelog.Debian.gz", changes)
    files = sorted(path for path in tree.rglob("*") if path.is_file())
    size = sum(path.stat().st_size for path in files) // 1024
    sums = (f"{hashlib.md5(path.read_bytes()).hexdigest()}  {path.relative_to(tree)}\n" for path in files)
    _write(tree / "DEBIAN/md5sums", "".join(sums))
    facts = {"version": version, "architecture": architecture, "maintainer": MAINTAINER, "size": size}
    _write(tree / "DEBIAN/control", CONTROL.format(**facts))
    _write(tree / "DEBIAN/postinst", POSTINST)
    _write(tree / "DEBIAN/prerm", PRERM)
    return f"accel-doctor_{version}_{architecture}.deb"


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    data = text.encode()
    path.write_bytes(gzip.compress(data, 9, mtime=0) if path.suffix == ".gz" else data)


if __name__ == "__main__":
    main()
