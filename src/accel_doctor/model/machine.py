"""The machine: its distribution, the target interpreter, and accel-doctor's own invocation."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import NamedTuple


class Distribution(NamedTuple):
    """A distribution as named in os-release(5); ``like`` is ID_LIKE, nearest first.

    ``base`` is the release of Debian that a derivative was made from, as its ``/etc/debian_version`` says.
    """

    id: str
    version: str = ""  # VERSION_ID: "12", "24.04", "41"; empty for rolling releases
    codename: str = ""
    like: tuple[str, ...] = ()
    pretty_name: str = ""
    base: str = ""

    def __str__(self) -> str:
        return self.pretty_name or f"{self.id} {self.version}".strip()


class Origin(str, Enum):
    """The installer of an interpreter: decides where its headers come from."""

    DISTRIBUTION = "distribution"
    PYENV = "pyenv"
    UV = "uv"
    CONDA = "conda"
    OTHER = "other"


@dataclass(frozen=True)
class Interpreter:
    """The target interpreter, as it described itself.

    ``environment`` holds PEP 508 marker values; ``include`` is where its own ``Python.h`` is or would be.
    """

    executable: Path
    prefix: Path
    base_prefix: Path
    implementation: str  # sys.implementation.name: cpython, pypy
    version: str  # 3.13.5
    soabi: str  # cpython-313-x86_64-linux-gnu; "" if there is none
    cache_tag: str
    platform: str  # sysconfig.get_platform(): linux-x86_64
    libc: str  # "glibc 2.41", "musl 1.2"
    include: Path
    origin: Origin
    in_virtual_environment: bool = False
    externally_managed: str | None = None  # the distribution's own words (PEP 668), "" if it gives none
    pip_version: str | None = None  # of the pip inside it
    debug: bool = False
    free_threaded: bool = False
    environment: Mapping[str, str] = field(default_factory=dict, hash=False)
    site_directories: tuple[Path, ...] = ()  # its site directories, except the user's own

    @property
    def feature_version(self) -> str:
        """Return major and minor: ``3.13``."""
        return ".".join(self.version.split(".")[:2])

    @property
    def abi(self) -> dict[str, object]:
        """Return the facts that decide which extension modules it loads, in the form that cache keys use."""
        final = re.fullmatch(r"[0-9.]+(rc[0-9]+)?", self.version)  # the ABI is frozen from rc1 on (PEP 602)
        return {
            "implementation": self.implementation,
            "version": self.feature_version if final else self.version,
            "soabi": self.soabi,
            "cache-tag": self.cache_tag,
            "debug": self.debug,
            "free-threaded": self.free_threaded,
        }


@dataclass(frozen=True)
class Invocation:
    """The surroundings of a process: the command line reads it once and passes it down.

    ``executable`` is the Python that runs accel-doctor, ``own`` the environment that accel-doctor is installed in.
    """

    variables: Mapping[str, str]
    directory: Path  # base of relative paths
    command_line: tuple[str, ...] = ("accel-doctor",)
    executable: Path = Path("/usr/bin/python3")
    own: Path = Path("/usr")

    @property
    def home(self) -> Path:
        """Return the user's home directory."""
        return Path(self.variables.get("HOME") or "~").expanduser()

    def expand(self, location: str) -> str:
        """Return a path or URL with ``~`` replaced."""
        return f"{self.home}{location[1:]}" if location == "~" or location.startswith("~/") else location

    def absolute(self, location: str) -> str:
        """Return an absolute path, with ``~`` replaced."""
        return posixpath.normpath(posixpath.join(str(self.directory), self.expand(location)))
