"""Check whether this machine already has what a build needs, without compiling anything."""

from __future__ import annotations

import glob
import re
import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from accel_doctor.interfaces import Runner
from accel_doctor.model.machine import Interpreter
from accel_doctor.model.needs import Need, NeedKind, version_of
from accel_doctor.system.loader.machine_loader import MachineLoader, linker_folders, multiarch_names

_PROBE_TIMEOUT = 20.0
# pkgconf's words, and freedesktop's; "virtual:world" requires what was asked for itself
_REQUIRED = re.compile(r"^Package '([^']+)', required by '(?!virtual:world')[^']+', not found$", re.MULTILINE)
_MOST_REQUIRED = 40

_COMPILERS = {
    "c": ("cc", "gcc", "clang"),
    "c++": ("c++", "g++", "clang++"),
    "fortran": ("gfortran", "flang"),
}


class MachineProber:
    """Implement :class:`accel_doctor.interfaces.Prober` for one interpreter; caches answers until :meth:`forget`.

    ``environment`` is that of the builds: PATH, and the variables that extend gcc's and the loader's search paths.
    """

    def __init__(
        self, runner: Runner, interpreter: Interpreter, environment: Mapping[str, str], root: Path = Path("/")
    ) -> None:
        self._runner = runner
        self._interpreter = interpreter
        self._environment = environment
        self._root = root
        self._loader = MachineLoader(runner, interpreter, environment, root)
        self._answers: dict[Need, bool | None] = {}

    def present(self, need: Need) -> bool | None:
        """Return True or False if the files or pkg-config tell; None if only a build could."""
        if need not in self._answers:
            self._answers[need] = self._look(need)
        return self._answers[need]

    def behind(self, need: Need) -> tuple[Need, ...]:
        if need.kind is not NeedKind.PKGCONFIG:
            return ()
        done = self._runner.capture(
            ["pkg-config", "--exists", "--print-errors", "--", need.name], timeout=_PROBE_TIMEOUT
        )
        found: list[Need] = []
        for name in _REQUIRED.findall(f"{done.output}\n{done.stderr}")[:_MOST_REQUIRED]:
            with suppress(ValueError):  # no name of a module
                found.append(Need(NeedKind.PKGCONFIG, name))
        return tuple(found)

    def forget(self) -> None:
        self._answers.clear()
        self._loader.forget()

    def _look(self, need: Need) -> bool | None:
        match need.kind:
            case NeedKind.COMMAND:
                return self._command(need.name)
            case NeedKind.COMPILER:
                return self._compiler(need.name)
            case NeedKind.HEADER:
                return self._header(need.name)
            case NeedKind.LIBRARY:
                names = (f"lib{need.name}.so", f"lib{need.name}.a")
                return _any_file(folder / name for folder in self._library_folders() for name in names) or (
                    None if any(self._of_vendors("lib*", name) for name in names) else False
                )
            case NeedKind.SONAME:
                return (
                    self._loader.any_version(need.name) if need.any_version else self._loader.find(need.name)
                ) is not None
            case NeedKind.PKGCONFIG:
                return self._pkgconfig(need.name)
            case NeedKind.FILE:
                # True is certain; a build may have searched for the file in places that are not known here.
                return (self._root / need.name).exists() or None
            case (
                NeedKind.CMAKE
                | NeedKind.PYTHON_MODULE
                | NeedKind.BUILD_CONSTRAINT
                | NeedKind.RESOURCE
                | NeedKind.NETWORK
            ):
                return None

    def _command(self, name: str) -> bool:
        return shutil.which(name, path=self._environment.get("PATH", "")) is not None

    def _compiler(self, language: str) -> bool | None:
        if language == "rust" or language.startswith("rust-"):
            return self._command("cargo") and self._command("rustc") and self._new_enough(language)
        if language not in _COMPILERS:
            return None
        found = any(self._command(name) for name in _COMPILERS[language])
        # Debian and Alpine package gcc apart from the C library's headers, and without those it compiles nothing.
        return found and (language == "fortran" or self._header("stdio.h") is True)

    def _new_enough(self, language: str) -> bool:
        wanted = Need(NeedKind.COMPILER, language).least_version
        here = version_of(self._runner.capture(["rustc", "--version"], timeout=_PROBE_TIMEOUT).output) if wanted else ()
        return wanted is None or here >= wanted

    def _header(self, name: str) -> bool | None:
        folders = self._include_folders()
        if name in ("Python.h", "pyconfig.h"):
            folders = [self._interpreter.include]
        if _any_file(folder / name for folder in folders):
            return True
        # One folder deeper (libxml2/libxml/tree.h), a build finds it only with pkg-config or the like.
        deeper = any(True for folder in folders if folder.is_dir() for _ in folder.glob(f"*/{glob.escape(name)}"))
        return None if deeper or self._of_vendors("inc*", name) else False

    def _of_vendors(self, folder: str, name: str) -> bool:
        """Return whether a vendor's own directory has such a file: setup scripts know ``/opt/mqm/inc``."""
        places = (self._root / "opt", self._root / "usr/local")
        return any(True for place in places for _ in place.glob(f"*/{folder}/{glob.escape(name)}"))

    def _pkgconfig(self, name: str) -> bool | None:
        """Return the answer of pkg-config; without it, whether the .pc file exists, whatever its version."""
        done = self._runner.capture(["pkg-config", "--exists", "--", name], timeout=_PROBE_TIMEOUT)
        if done.returncode in (0, 1):
            return done.returncode == 0
        module = re.split(r"[\s<>=!]", name, maxsplit=1)[0]
        folders = [folder / "pkgconfig" for folder in [*self._library_folders(), self._root / "usr/share"]]
        if not _any_file(folder / f"{module}.pc" for folder in folders):
            return False
        return True if module == name else None

    def _include_folders(self) -> list[Path]:
        own = [self._root / "usr/local/include", self._root / "usr/include"]
        own += [self._root / "usr/include" / name for name in multiarch_names(self._interpreter)]
        return [*self._search_path("CPATH"), *self._search_path("C_INCLUDE_PATH"), *own]

    def _library_folders(self) -> list[Path]:
        return [*self._search_path("LIBRARY_PATH"), *linker_folders(self._interpreter, self._root)]

    def _search_path(self, variable: str) -> list[Path]:
        return [Path(part) for part in self._environment.get(variable, "").split(":") if part]


def _any_file(paths: Iterable[Path]) -> bool:
    return any(path.is_file() for path in paths)
