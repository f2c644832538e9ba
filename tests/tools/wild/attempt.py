"""Run one wild case on a fresh machine, hands-free, and write down what became of it."""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from integration.machine import Machine
from tools.wild.apt_history import transactions
from tools.wild.cases import Case
from tools.wild.poorer import poorer_wheels
from tools.wild.roots import TOOL, run_bounded

SECONDS = 600
_PYTHON = "/root/venv/bin/python"
_CACHE = "/root/.cache/accel-doctor"


def attempt(case: Case, where: Machine, logs: Path, consent: str) -> dict[str, Any]:
    """Install and import; return what is recorded of it, without the commit and the day."""
    shutil.rmtree(logs, ignore_errors=True)
    logs.mkdir(parents=True)
    where.must("python3", "-m", "venv", "/root/venv")
    where.write("/root/requirements.txt", "".join(f"{line}\n" for line in case.requirements))
    started = time.monotonic()
    code = run_bounded(where, _command(case, consent), logs / "output.txt", SECONDS)
    seconds = time.monotonic() - started
    imports = {module: _import(where, module) for module in case.imports}
    report = _report(where, logs)
    _keep_logs(where, logs)
    built = sorted({built["name"] for built in report.get("built", ())})
    record = {
        "case": case.id,
        "exit_code": code,
        "seconds": round(seconds),
        "outcome": report.get("outcome"),
        "error": (report.get("error") or {}).get("message"),
        "imports": imports,
        "built": built,
        "poorer": poorer_wheels(where, _PYTHON, built, where.path(_CACHE) / "sources"),
        "transactions": [asdict(one) for one in transactions(where)],
        "last_lines": (logs / "output.txt").read_text(errors="replace").splitlines()[-12:],
    }
    record["verdict"] = verdict(record)
    return record


def verdict(record: dict[str, Any]) -> str:
    """Name what became of a case: the exit code, the imports and what was built decide."""
    importable = all(answer == "ok" for answer in record["imports"].values())
    if record["exit_code"] == 0:
        if not importable:
            return "false success"
        return "poorer wheel" if record["poorer"] else "works"
    if importable:
        return "imports, but said to fail"
    return "out of time" if record["exit_code"] == 124 else "failed"


def _command(case: Case, consent: str) -> list[str]:
    install = [f"{TOOL}/bin/accel-doctor", "install", consent, "--python", _PYTHON, "--report", "/root/report.json"]
    return [*install, "-r", "/root/requirements.txt", *case.options]


def _import(where: Machine, module: str) -> str:
    done = where.run("timeout", "60", _PYTHON, "-c", f"import {module}", environment={"HOME": "/root"}, timeout=90)
    if done.returncode == 0:
        return "ok"
    lines = [line for line in f"{done.output}\n{done.stderr}".splitlines() if line.strip()]
    return lines[-1][:300] if lines else f"return code {done.returncode}"


def _report(where: Machine, logs: Path) -> dict[str, Any]:
    path = where.path("/root/report.json")
    if not path.exists():
        return {}
    shutil.copy(path, logs / "report.json")
    report: dict[str, Any] = json.loads(path.read_text())
    return report


def _keep_logs(where: Machine, logs: Path) -> None:
    kept = where.path(_CACHE) / "logs"
    if kept.is_dir():
        shutil.copytree(kept, logs / "logs", symlinks=True)
