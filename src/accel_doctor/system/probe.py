"""Whether this machine already has what a build needs: looked up, never compiled."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from accel_doctor.interfaces import Runner
from accel_doctor.model import Interpreter, Need, NeedKind

_PROBE_TIMEOUT = 20.0
_LOADER_FILE_LIMIT = 64 * 1024

_COMPILERS = {
    "c": ("cc", "gcc", "clang"),
    "c++": ("c++", "g++", "clang++"),
    "fortran": ("gfortran", "flang"),
}


class MachineProber:
    """Implements :class:`accel_doctor.interfaces.Prober` for one interpreter; answers are kept until :meth:`forget`.

    ``environment`` is that of the builds: PATH, and the variables that lengthen gcc's and the loader's search paths.
    """

    def __init__(
        self, runner: Runner, interpreter: Interpreter, environment: Mapping[str, str], root: Path = Path("/")
    ) -> None:
        self._runner = runner
        self._interpreter = interpreter
        self._environment = environment
        self._root = root
        self._answers: dict[Need, bool | None] = {}

    def present(self, need: Need) -> bool | None:
        """True or False where a look at the files, or pkg-config, tells; None where only a build could."""
        if need not in self._answers:
            self._answers[need] = self._look(need)
        return self._answers[need]

    def forget(self) -> None:
        """Forget all answers: packages were installed."""
        self._answers.clear()

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
                return _any_file(folder / name for folder in self._library_folders() for name in names)
            case NeedKind.SONAME:
                return _any_file(folder / need.name for folder in self._loader_folders())
            case NeedKind.PKGCONFIG:
                return self._pkgconfig(need.name)
            case NeedKind.FILE:
                # True is sure; a build may have looked for the file in places that are not known here.
                return (self._root / need.name).exists() or None
            case _:
                return None

    def _command(self, name: str) -> bool:
        return shutil.which(name, path=self._environment.get("PATH", "")) is not None

    def _compiler(self, language: str) -> bool | None:
        if language == "rust":
            return self._command("cargo") and self._command("rustc")
        if language not in _COMPILERS:
            return None
        found = any(self._command(name) for name in _COMPILERS[language])
        # Debian and Alpine ship gcc apart from the C library's headers, and without those it compiles nothing.
        return found and (language == "fortran" or self._header("stdio.h") is True)

    def _header(self, name: str) -> bool | None:
        folders = self._include_folders()
        if name in ("Python.h", "pyconfig.h"):
            folders = [self._interpreter.include]
        if _any_file(folder / name for folder in folders):
            return True
        # One folder deeper (libxml2/libxml/tree.h) a build finds it only if it asks pkg-config or the like.
        deeper = any(True for folder in folders if folder.is_dir() for _ in folder.glob(f"*/{_literal(name)}"))
        return None if deeper else False

    def _pkgconfig(self, name: str) -> bool | None:
        """What pkg-config says; without it, whether the .pc file is there, which says nothing about its version."""
        done = self._runner.capture(["pkg-config", "--exists", "--", name], timeout=_PROBE_TIMEOUT)
        if done.returncode in (0, 1):
            return done.returncode == 0
        module = re.split(r"[\s<>=!]", name, maxsplit=1)[0]
        folders = [folder / "pkgconfig" for folder in [*self._library_folders(), self._root / "usr/share"]]
        if not _any_file(folder / f"{module}.pc" for folder in folders):
            return False
        return True if module == name else None

    def _triplets(self) -> list[str]:
        """Debian's names for this architecture (x86_64-linux-gnu), as the interpreter's own SOABI ends."""
        machine = self._interpreter.platform.partition("-")[2]
        soabi = self._interpreter.soabi.split("-", 2)
        return list(dict.fromkeys([*soabi[2:], f"{machine}-linux-gnu"]))

    def _include_folders(self) -> list[Path]:
        own = [self._root / "usr/local/include", self._root / "usr/include"]
        own += [self._root / "usr/include" / triplet for triplet in self._triplets()]
        return [*self._search_path("CPATH"), *self._search_path("C_INCLUDE_PATH"), *own]

    def _library_folders(self) -> list[Path]:
        places = ["usr/local/lib", "usr/local/lib64", "usr/lib64", "usr/lib", "lib64", "lib"]
        places += [f"{base}/{triplet}" for triplet in self._triplets() for base in ("usr/lib", "lib", "usr/local/lib")]
        return [*self._search_path("LIBRARY_PATH"), *(self._root / place for place in places)]

    def _loader_folders(self) -> list[Path]:
        folders = [*self._search_path("LD_LIBRARY_PATH"), *self._library_folders()]
        for file in sorted((self._root / "etc/ld.so.conf.d").glob("*.conf")):  # ld.so(8), ldconfig(8)
            with file.open(encoding="utf-8", errors="replace") as lines:
                for line in lines.read(_LOADER_FILE_LIMIT).splitlines():
                    if line.startswith("/"):
                        folders.append(self._root / line.strip().lstrip("/"))
        return folders

    def _search_path(self, variable: str) -> list[Path]:
        return [Path(part) for part in self._environment.get(variable, "").split(":") if part]


def _any_file(paths: Iterable[Path]) -> bool:
    return any(path.is_file() for path in paths)


def _literal(name: str) -> str:
    return re.sub(r"([*?\[])", r"[\1]", name)
