"""Record the origin of built distributions in the environment (PEP 610).

Sources from archives and repositories are installed as wheels from the store, so the frontend that installs them does
not know their origin; ``pip freeze`` and both frontends read it from ``direct_url.json``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from accel_doctor.errors import ToolError
from accel_doctor.interfaces import Runner
from accel_doctor.model.machine import Interpreter
from accel_doctor.model.requests import InstallRequest

# Runs in the target interpreter, which alone knows the paths of --user and --prefix. The RECORD line has no hash, which
# the specification allows for files written after the installation
# (https://packaging.python.org/en/latest/specifications/recording-installed-packages/).
_SCRIPT = r"""
import csv, importlib.metadata, json, os, re, site, sys, sysconfig
asked = json.load(sys.stdin)
if asked["target"]:
    paths = [asked["target"]]
elif asked["prefix"]:
    places = sysconfig.get_paths(vars={"base": asked["prefix"], "platbase": asked["prefix"]})
    paths = [places["purelib"], places["platlib"]]
elif asked["user"]:
    paths = [site.getusersitepackages()]
else:
    paths = [sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
seen = set()
for distribution in importlib.metadata.distributions(path=list(dict.fromkeys(paths))):
    name = re.sub(r"[-_.]+", "-", distribution.metadata["Name"] or "").lower()
    if name not in asked["origins"] or name in seen:
        continue
    seen.add(name)
    record = next(file for file in distribution.files if file.name == "RECORD" and file.parent.suffix == ".dist-info")
    directory = os.path.dirname(str(distribution.locate_file(record)))
    with open(os.path.join(directory, "direct_url.json"), "w", encoding="utf-8") as stream:
        stream.write(asked["origins"][name])
    entry = str(record.parent / "direct_url.json")
    if all(str(file) != entry for file in distribution.files):
        with open(os.path.join(directory, "RECORD"), "a", encoding="utf-8", newline="") as stream:
            csv.writer(stream, lineterminator="\n").writerow([entry, "", ""])
missing = sorted(set(asked["origins"]) - seen)
if missing:
    sys.exit("not installed: " + ", ".join(missing))
"""


def record_origins(
    origins: Mapping[str, str], request: InstallRequest, interpreter: Interpreter, runner: Runner
) -> None:
    """Write each ``direct_url.json`` (its JSON text, by normalized name) beside the installed distribution.

    Raises ToolError if a distribution is missing, although it was just installed.
    """
    if not origins:
        return
    asked = {
        "origins": dict(origins),
        "target": request.target and str(request.target),
        "prefix": request.prefix and str(request.prefix),
        "user": request.user,
    }
    done = runner.capture([str(interpreter.executable), "-I", "-c", _SCRIPT], stdin=json.dumps(asked))
    if done.returncode:
        reason = (done.stderr.strip() or "no output").splitlines()[-1]
        raise ToolError(f"cannot record the origin of {', '.join(sorted(origins))}: {reason}")
