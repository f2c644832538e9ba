"""What is recorded of a build."""

from __future__ import annotations

from datetime import datetime, timezone

from fakes import interpreter, provenance

from accel_doctor.model.builds import Source, SourceKind
from accel_doctor.model.machine import Distribution
from accel_doctor.store.wheels.build_key import provenance_of

NOON = datetime(2026, 11, 20, 12, tzinfo=timezone.utc)
DEBIAN = Distribution("debian", "13", "trixie", pretty_name="Debian GNU/Linux 13 (trixie)")


def test_an_sdist_is_named_by_its_hash():
    source = Source("cffi", None, SourceKind.SDIST, "https://user:secret@x/cffi.tar.gz", sha256="a" * 64)
    assert provenance_of(source, "2.1.1", interpreter(), DEBIAN, NOON) == provenance()


def test_a_repository_is_named_by_its_commit_and_no_password_is_kept():
    source = Source(
        "cffi", None, SourceKind.VCS, "https://user:secret@x/r", vcs="git", commit="c" * 40, subdirectory="python"
    )
    made = provenance_of(source, "2.1.1", interpreter(), Distribution("debian", "", "sid"), NOON)
    assert made.source == f"git+https://x/r@{'c' * 40}#subdirectory=python"
    assert made.distribution == "debian sid"
