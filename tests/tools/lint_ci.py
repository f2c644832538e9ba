"""Lint what CI services and dev containers read: actionlint on workflows and actions, shellcheck on all shell scripts,
those inside of YAML too: ``python tests/tools/lint_ci.py``. ``nox -s lint`` runs it.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
TOOLS = Path(sys.executable).parent


def main() -> int:
    """Run both linters; the code of the one that complains."""
    shellcheck = TOOLS / "shellcheck"
    codes = [run([TOOLS / "actionlint", "-no-color", "-shellcheck", shellcheck, "-ignore", 'runtime "node20"'])]
    for name, script in scripts():
        print(f"shellcheck: {name}")
        codes.append(run([shellcheck, "--shell=bash", "-"], script))
    return max(codes)


def scripts() -> Iterator[tuple[str, str]]:
    """Yield every shell script, with a name for messages."""
    for path in [ROOT / ".ci/run", *sorted((ROOT / ".github").rglob("*.sh"))]:
        yield str(path.relative_to(ROOT)), path.read_text()
    for path in sorted((ROOT / ".github/actions").rglob("action.yml")):
        for step in yaml.safe_load(path.read_text())["runs"]["steps"]:
            if "run" in step:
                yield f"{path.relative_to(ROOT)}: {step['name']}", step["run"]
    for path in sorted((ROOT / ".github/gitlab").glob("*.yml")):
        for name, job in list(yaml.safe_load_all(path.read_text()))[1].items():
            for part in ("before_script", "script", "after_script"):
                if part in job:
                    yield f"{path.relative_to(ROOT)}: {name}, {part}", "\n".join(job[part])


def run(argv: list[str | Path], text: str = "") -> int:
    """Run a linter in the repository, with a script on stdin; its code."""
    return subprocess.run(argv, input=text, text=True, cwd=ROOT).returncode


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    sys.exit(main())
