"""The interpreter to install into: its own description, and the wheels it accepts."""

from __future__ import annotations

import configparser
import json
import os
import re
import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from packaging import tags

from accel_doctor.errors import UsageError
from accel_doctor.interfaces import Runner
from accel_doctor.model.machine import Interpreter, Origin
from accel_doctor.model.requests import InstallRequest
from accel_doctor.system.python.base_interpreter import behind, environment_settings, remembered_facts

_ANSWER_LIMIT = 256 * 1024
_ANSWER_TIMEOUT = 30.0
_MARK = "accel-doctor-interpreter:"
_WHAT_TO_GIVE = "give --python a Python 3.8 or later, or a virtual environment made with one"
_HARMLESS_PTH = {"_virtualenv.pth", "distutils-precedence.pth"}  # can run code, and add no directory

# Runs inside the target, Python 3.8 or later, isolated (-I). What a .pth file prints comes before the mark.
_QUESTION = r"""
import glob, json, os, platform, sys, sysconfig

def libc():
    try:
        return os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (AttributeError, OSError, ValueError):
        return "musl" if glob.glob("/lib/ld-musl-*.so.1") else ""

def pip_version():
    for folder in sys.path:
        try:
            names = os.listdir(folder)
        except OSError:
            continue
        for name in names:
            if name.startswith("pip-") and name.endswith((".dist-info", ".egg-info")):
                return name[4:].rsplit(".", 1)[0]

def marker(folder):
    try:
        with open(os.path.join(folder, "EXTERNALLY-MANAGED"), encoding="utf-8", errors="replace") as file:
            return file.read(65536)
    except OSError:
        return None

variables = sysconfig.get_config_vars()
info = sys.implementation.version
level = "" if info.releaselevel == "final" else info.releaselevel[0] + str(info.serial)
version = platform.python_version()
stdlib = sysconfig.get_path("stdlib")
print(sys.argv[1] + json.dumps({
    "executable": sys.executable,
    "prefix": sys.prefix,
    "base_prefix": sys.base_prefix,
    "implementation": sys.implementation.name,
    "version": version,
    "soabi": variables.get("SOABI") or (variables.get("EXT_SUFFIX") or "").rpartition(".")[0].strip("."),
    "cache_tag": sys.implementation.cache_tag or "",
    "platform": sysconfig.get_platform(),
    "libc": libc(),
    "include": sysconfig.get_path("include"),
    "conda": os.path.isdir(os.path.join(sys.base_prefix, "conda-meta")),
    "marker": marker(stdlib),
    "pyenv_root": os.environ.get("PYENV_ROOT", ""),
    "uv_directory": os.environ.get("UV_PYTHON_INSTALL_DIR", ""),
    "pip_version": pip_version(),
    "debug": hasattr(sys, "gettotalrefcount"),
    "free_threaded": bool(variables.get("Py_GIL_DISABLED")),
    "site_directories": [
        folder for folder in sys.path if os.path.basename(folder) in ("site-packages", "dist-packages")
    ],
    "environment": {
        "implementation_name": sys.implementation.name,
        "implementation_version": "%d.%d.%d" % info[:3] + level,
        "os_name": os.name,
        "platform_machine": platform.machine(),
        "platform_python_implementation": platform.python_implementation(),
        "platform_release": platform.release(),
        "platform_system": platform.system(),
        "platform_version": platform.version(),
        "python_full_version": version + ("local" if version.endswith("+") else ""),
        "python_version": "%d.%d" % sys.version_info[:2],
        "sys_platform": sys.platform,
    },
}))
"""


def describe(executable: Path, runner: Runner) -> Interpreter:
    """Run ``executable`` and return the interpreter as it describes itself; takes about 30 ms.

    Raises UsageError for anything but a working Python 3.8 or later.
    """
    return _interpreter(_asked(executable, runner))


def describe_environment(executable: Path, runner: Runner, remembered: Path) -> Interpreter:
    """Return the same, but run the ``executable`` of a plain virtual environment only if no other
    environment with this interpreter was described; answers are stored in the directory ``remembered``."""
    root = executable.parent.parent
    if not _is_plain_environment(root):
        return describe(executable, runner)

    def ask() -> dict[str, Any]:
        facts = _asked(executable, runner)
        return {**facts, "site_directories": [os.path.relpath(each, root) for each in facts["site_directories"]]}

    # The answer depends on these besides the interpreter; the kernel's release is in environment markers.
    variables = [os.environ.get(name) for name in ("PYENV_ROOT", "UV_PYTHON_INSTALL_DIR")]
    more = [executable.name, environment_settings(root).get("home"), *os.uname()[2:], *variables]
    facts = remembered_facts(behind(executable), more, remembered, ask)
    sites = [root / site for site in facts["site_directories"]]
    place = {"executable": str(executable), "prefix": str(root), "pip_version": _pip_version(sites)}
    return _interpreter({**facts, **place, "site_directories": sites})


def _asked(executable: Path, runner: Runner) -> dict[str, Any]:
    done = runner.capture([str(executable), "-I", "-c", _QUESTION, _MARK], timeout=_ANSWER_TIMEOUT)
    _, mark, answer = done.output.rpartition(_MARK)
    if done.returncode != 0 or not mark or len(answer) > _ANSWER_LIMIT:
        said = (done.stderr.strip() or done.output.strip() or "nothing").splitlines()[-1][:200]
        message = f"{executable} is not a usable Python interpreter (return code {done.returncode}): {said}"
        raise UsageError(message, hint=_WHAT_TO_GIVE)
    try:
        facts: dict[str, Any] = json.loads(answer)
        if facts["libc"] == "musl":
            facts["libc"] = _musl_version(runner)
        _interpreter(facts)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{executable} gave an answer that cannot be read: {error}", hint=_WHAT_TO_GIVE) from error
    return facts


def _is_plain_environment(root: Path) -> bool:
    """Return whether an environment's directories follow from its interpreter and its path alone."""
    if environment_settings(root).get("include-system-site-packages", "").lower() != "false":
        return False
    added = {path.name for path in root.glob("lib*/python*/site-packages/*.pth")}
    return added <= _HARMLESS_PTH and os.path.normpath(root) == str(root)


def _pip_version(sites: Sequence[Path]) -> str | None:
    names = ("pip-*.dist-info", "pip-*.egg-info")
    found = (path.name for site in sites for name in names for path in site.glob(name))
    return next((name[4:].rsplit(".", 1)[0] for name in found), None)


def supported_tags(interpreter: Interpreter, platforms: Sequence[str] = ()) -> list[tags.Tag]:
    """Return the wheel tags this interpreter accepts, best first (PEP 425, PEP 703 for ``t``), as pip in it would.

    ``platforms`` are platform tags, best first, if it is the interpreter of another machine.
    """
    version = tuple(int(part) for part in interpreter.feature_version.split("."))
    nodot = "".join(map(str, version))
    platforms = list(platforms) or _platforms(interpreter)
    if interpreter.implementation == "cpython":
        threading = "t" if interpreter.free_threaded else ""
        abis = [f"cp{nodot}{threading}"]
        if interpreter.debug:  # a debug build also loads extension modules of a normal one
            abis.insert(0, f"cp{nodot}{threading}d")
        specific = tags.cpython_tags(version, abis, platforms)
        compatible = f"cp{nodot}"
    else:
        short = tags.INTERPRETER_SHORT_NAMES.get(interpreter.implementation, interpreter.implementation)
        abi = "_".join(interpreter.soabi.split("-")[:2]).replace(".", "_")  # pypy310-pp73-x86_64-linux-gnu
        specific = tags.generic_tags(f"{short}{nodot}", [abi] if abi else [], platforms)
        compatible = "pp3" if short == "pp" else f"{short}{nodot}"
    return [*specific, *tags.compatible_tags(version, compatible, platforms)]


def refuse_externally_managed(interpreter: Interpreter, request: InstallRequest) -> None:
    """Raise UsageError if pip would refuse under PEP 668, unless overridden or installing somewhere else."""
    elsewhere = request.target is not None or request.prefix is not None
    if interpreter.externally_managed is None or request.break_system_packages or elsewhere:
        return
    words = interpreter.externally_managed or "The Python environment under it is managed by the distribution."
    raise UsageError(
        f"{interpreter.executable} is externally managed (PEP 668):\n{words}",
        hint="leave out --python and add --venv, which makes an environment; "
        "or --break-system-packages, at your own risk",
    )


def refuse_unwritable(interpreter: Interpreter, request: InstallRequest) -> None:
    """Raise UsageError if this user may not write where distributions are to be installed."""
    chosen = request.target or request.prefix
    places = [chosen] if chosen else interpreter.site_directories
    there = [next(one for one in (place, *place.parents) if one.exists()) for place in places]
    if request.user or not there or any(os.access(one, os.W_OK) for one in there):
        return
    raise UsageError(
        f"cannot install into {chosen or interpreter.prefix}: permission denied: {there[0]}",
        hint="name a directory of yours"
        if chosen
        else "name an environment of yours with --python, or make one: python3 -m venv DIR",
    )


_PATHS = ("executable", "prefix", "base_prefix", "include")
_TEXTS = ("implementation", "version", "soabi", "cache_tag", "platform", "libc")


def _interpreter(facts: Mapping[str, Any]) -> Interpreter:
    in_virtual_environment = facts["prefix"] != facts["base_prefix"]
    marker = None if in_virtual_environment else facts["marker"]
    paths: dict[str, Any] = {name: Path(facts[name]) for name in _PATHS}
    texts: dict[str, Any] = {name: str(facts[name]) for name in _TEXTS}
    return Interpreter(
        **paths,
        **texts,
        origin=_origin(facts),
        in_virtual_environment=in_virtual_environment,
        externally_managed=None if marker is None else _own_words(marker),
        pip_version=facts["pip_version"],
        debug=bool(facts["debug"]),
        free_threaded=bool(facts["free_threaded"]),
        environment={key: str(value) for key, value in facts["environment"].items()},
        site_directories=tuple(Path(folder) for folder in facts["site_directories"]),
    )


def _own_words(marker: str) -> str:
    """Return the Error key of an EXTERNALLY-MANAGED file, empty if it has none or is unreadable (PEP 668)."""
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(marker)
    except configparser.Error:
        return ""
    return parser.get("externally-managed", "Error", fallback="").strip()


def _origin(facts: Mapping[str, Any]) -> Origin:
    base = Path(facts["base_prefix"])
    if facts["conda"]:
        return Origin.CONDA
    if base.is_relative_to(facts["uv_directory"] or "/nowhere") or "/uv/python/" in f"{base}/":
        return Origin.UV
    # uv marks interpreters that it manages, anywhere: crates/uv-python/src/managed.rs, EXTERNALLY_MANAGED
    if "managed by uv" in (facts["marker"] or ""):
        return Origin.UV
    if base.is_relative_to(facts["pyenv_root"] or "/nowhere") or "/.pyenv/versions/" in f"{base}/":
        return Origin.PYENV
    return Origin.DISTRIBUTION if base == Path("/usr") else Origin.OTHER


def _musl_version(runner: Runner) -> str:
    """Return ``musl 1.2``, which only the dynamic loader prints, on stderr, when run without arguments."""
    loader = next(iter(sorted(Path("/lib").glob("ld-musl-*.so.1"))), None)
    said = runner.capture([str(loader)], timeout=5.0).stderr if loader else ""
    version = re.search(r"^Version (\d+\.\d+)", said, re.MULTILINE)
    return f"musl {version[1]}" if version else "musl"


def _platforms(interpreter: Interpreter) -> list[str]:
    """Return platform tags; packaging knows those of the running interpreter, usually built for the same platform."""
    if interpreter.platform == sysconfig.get_platform():
        return list(tags.platform_tags())
    return [re.sub(r"[-.]", "_", interpreter.platform)]
