"""One session per task: ``nox -l`` lists them, ``nox -s unit -- -k apt`` runs one and hands it arguments.

Sessions run in the environment that nox itself is installed in (``pip install -e '.[dev]'``), so none of them has
anything to install, and CI makes one environment for all.
"""

from __future__ import annotations

import sys
from pathlib import Path

import nox

nox.needs_version = ">=2024.10.9"
nox.options.default_venv_backend = "none"
nox.options.sessions = ["lint", "types", "docs", "rules", "unit"]
nox.options.stop_on_first_error = True

LARGEST_WHEEL = 10_000_000  # bytes


def run(session: nox.Session, module: str, *arguments: str) -> None:
    """Run a module of this environment, whether it is activated or not."""
    session.run(sys.executable, "-m", module, *arguments)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and format, and what CI services read; ``-- --fix`` mends what can be mended."""
    if "--fix" in session.posargs:
        run(session, "ruff", "check", "--fix")
        run(session, "ruff", "format")
    else:
        run(session, "ruff", "check")
        run(session, "ruff", "format", "--check")
    session.run(sys.executable, "tests/tools/lint_ci.py")


@nox.session
def types(session: nox.Session) -> None:
    """Check types, of the package strictly and of the tests as far as they have them."""
    run(session, "mypy", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the site, with every warning and every dead link inside it an error, and check the spelling."""
    run(session, "codespell_lib")
    run(session, "sphinx", "-q", "-E", "-W", "--keep-going", "-b", "html", "docs", "build/docs", *session.posargs)


@nox.session
def links(session: nox.Session) -> None:
    """Ask every other site that the pages link to; tell those that cannot be reached from here."""
    session.run(sys.executable, "tests/tools/links.py", *session.posargs)


@nox.session
def rules(session: nox.Session) -> None:
    """Check the rules, and try their samples."""
    run(session, "accel_doctor", "rules", "lint", "--stats")
    run(session, "accel_doctor", "rules", "test")


@nox.session
def unit(session: nox.Session) -> None:
    """Run the unit tests on two workers."""
    run(session, "pytest", "tests/unit", "-n", "2", *session.posargs)


@nox.session
def coverage(session: nox.Session) -> None:
    """Run the unit tests and fail if they cover less of src/, branches included, than pyproject.toml asks for."""
    run(session, "pytest", "tests/unit", "-n", "2", "--cov", "--cov-report=term:skip-covered", *session.posargs)


@nox.session
def integration(session: nox.Session) -> None:
    """Run the tests with real parts; those on throw-away machines need root, mmdebstrap and overlayfs."""
    run(session, "pytest", "tests/integration", *session.posargs)


@nox.session
def long(session: nox.Session) -> None:
    """Run what takes too long for every change: README's test command, as root on a fresh machine, among others."""
    run(session, "pytest", "-m", "long", *session.posargs)


@nox.session
def names(session: nox.Session) -> None:
    """Compare the package names in Debian's rules with its package lists; needs apt and the network."""
    session.run(sys.executable, "tests/tools/check_names.py", *session.posargs)


@nox.session
def reference(session: nox.Session) -> None:
    """Write what docs/reference says about options, and the manual pages, from the commands themselves."""
    session.run(sys.executable, "tests/tools/reference.py")
    session.run(sys.executable, "tests/tools/manual.py")


@nox.session
def changelog(session: nox.Session) -> None:
    """Print the next release's entry from changelog.d/; ``-- --yes`` writes CHANGELOG.md and removes the fragments."""
    run(session, "towncrier", "build", *(session.posargs or ["--draft"]))


@nox.session
def bench(session: nox.Session) -> None:
    """Run a benchmark: ``-- startup``, and its arguments after it; without a name, list them."""
    if not session.posargs:
        session.log("benchmarks: " + ", ".join(sorted(path.stem for path in Path("tests/bench").glob("*.py"))))
        return
    name, *arguments = session.posargs
    session.run(sys.executable, f"tests/bench/{name}.py", *arguments)


@nox.session
def package(session: nox.Session) -> None:
    """Build the sdist, and the wheel from it, into a directory (default: dist/), and check what PyPI will be given."""
    out = Path(*(session.posargs or ["dist"]))
    run(session, "build", "--installer", "uv", "--outdir", str(out))
    built = [str(path) for path in sorted(out.glob("accel_doctor-*"))]
    wheels = [path for path in built if path.endswith(".whl")]
    run(session, "twine", "check", "--strict", *built)
    run(session, "check_wheel_contents", *wheels)
    if large := [path for path in wheels if Path(path).stat().st_size >= LARGEST_WHEEL]:
        session.error(f"larger than {LARGEST_WHEEL} bytes: {large}")


@nox.session
def pyz(session: nox.Session) -> None:
    """Make accel-doctor.pyz in a directory (default: build/release/)."""
    directory = Path(*(session.posargs or ["build/release"]))
    session.run(sys.executable, ".ci/packages/pyz.py", str(directory / "accel-doctor.pyz"))


@nox.session
def deb(session: nox.Session) -> None:
    """Make the Debian packages in a directory (default: build/release/); needs dpkg-deb."""
    for machine in ("x86_64", "aarch64"):
        command = [".ci/packages/deb.py", *(session.posargs or ["build/release"]), "--machine", machine]
        session.run(sys.executable, *command)
