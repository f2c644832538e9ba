"""What was installed, by name."""

from __future__ import annotations

from pathlib import Path

from packaging.pylock import Pylock

from accel_doctor.errors import ExitCode
from accel_doctor.model.builds import Built, Change, Locked, Provision, Source, SourceKind, Wheel
from accel_doctor.model.plans import Result
from accel_doctor.report.change_text import change_lines, rehearsal_line, summary_line


def result(*built: Built, packages: int = 1, changes: tuple[Change, ...] = ()) -> Result:
    wheel = {"url": "https://x/a-1-py3-none-any.whl", "hashes": {"sha256": "0" * 64}}
    lock = {"lock-version": "1.0", "created-by": "t", "packages": [{"name": "a", "wheels": [wheel]}] * packages}
    return Result(ExitCode.DONE, Locked(Pylock.from_dict(lock)), built, (), None, (), changes=changes)


CHANGES = (
    Change("flask", None, "3.1.0", size=100_000),
    Change("numpy", "2.3", "2.4", Provision.STORED),
    Change("psycopg2", None, "2.9.10", Provision.BUILT, size=400_000),
    Change("same", "1", "1", size=1_000),
    Change("six", "1.17.0", None),
    Change("from-a-directory", None, ""),
    Change("unknown", None, "1", size=0),
)


def test_each_distribution_has_a_line() -> None:
    assert change_lines(CHANGES, rehearsed=False) == [
        " + flask 3.1.0",
        " ~ numpy 2.3 → 2.4 (from the wheel store)",
        " + psycopg2 2.9.10 (built here)",
        " ~ same 1",
        " - six 1.17.0",
        " + from-a-directory",
        " + unknown 1",
    ]
    assert change_lines(CHANGES[2:3], rehearsed=True) == [" + psycopg2 2.9.10 (to be built)"]
    assert change_lines([Change("x\x1b[31m", None, "1")], rehearsed=True) == [" + x�[31m 1"]


def test_the_last_line_counts_what_was_done() -> None:
    source = Source("a", "1", SourceKind.SDIST, "x")
    new = Built(source, Wheel(Path("w"), "0"), reused=False)
    old = Built(source, Wheel(Path("w"), "0"), reused=True)
    assert (
        summary_line(result(new, old), "/v", 1.24)
        == "installed 1 package (1 built here, 1 from the wheel store) into /v, 1.2 s"
    )
    assert summary_line(result(packages=0), "/v", 0.1) == (
        "nothing to do: everything is already installed in /v, 0.1 s"
    )


def test_the_last_line_of_a_dry_run_says_what_it_would_take() -> None:
    known = CHANGES[:5]
    assert rehearsal_line(result(changes=known), "/v") == (
        "would install 4 packages (1 to be built, 3 to download, at most 501.0 kB) into /v"
    )
    assert rehearsal_line(result(changes=CHANGES), "/v") == (
        "would install 6 packages (1 to be built, 4 to download) into /v"
    )
    assert rehearsal_line(result(changes=CHANGES[1:2]), "/v") == "would install 1 package into /v"
    assert rehearsal_line(result(), "/v") == "would install nothing: everything is already installed in /v"
    unresolved = Result(ExitCode.DONE, None, (), (), None, ())
    assert rehearsal_line(unresolved, "/v") == (
        "what would be installed is known only when the requirements can be resolved"
    )
