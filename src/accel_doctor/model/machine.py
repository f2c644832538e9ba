"""The interpreter that is installed into."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path


class Origin(str, Enum):
    """Who installed the interpreter: decides where its headers come from."""

    DISTRIBUTION = "distribution"
    PYENV = "pyenv"
    UV = "uv"
    CONDA = "conda"
    OTHER = "other"


@dataclass(frozen=True)
class Interpreter:
    """The interpreter that is installed into, as it described itself.

    ``environment`` holds PEP 508 marker values; ``include`` is where its own ``Python.h`` is or would be.
    """

    executable: Path
    prefix: Path
    base_prefix: Path
    implementation: str  # sys.implementation.name: cpython, pypy
    version: str  # 3.13.5
    soabi: str  # cpython-313-x86_64-linux-gnu; "" where there is none
    cache_tag: str
    platform: str  # sysconfig.get_platform(): linux-x86_64
    libc: str  # "glibc 2.41", "musl 1.2"
    include: Path
    origin: Origin
    in_virtual_environment: bool
    externally_managed: str | None  # the distribution's own words (PEP 668), "" if it gives none
    pip_version: str | None  # of the pip inside it
    debug: bool
    free_threaded: bool
    environment: Mapping[str, str] = field(hash=False)
    site_directories: tuple[Path, ...] = ()  # where it finds installed distributions, the user's own aside

    @property
    def feature_version(self) -> str:
        """Major and minor: ``3.13``."""
        return ".".join(self.version.split(".")[:2])
