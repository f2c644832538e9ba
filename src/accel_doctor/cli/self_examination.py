"""Look at everything that a run depends on, without changing any of it: for ``accel-doctor self-check``."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from rich.filesize import decimal

from accel_doctor import __version__
from accel_doctor.cli.configuration import (
    cache_directory,
    journal_path,
    read_configuration,
    user_directory,
    working_directory,
)
from accel_doctor.cli.index_access import as_reached
from accel_doctor.cli.session import Session
from accel_doctor.errors import AccelDoctorError, CacheError, LevelError, PrivilegeError, ToolError, UsageError
from accel_doctor.frontends.choice import find_uv
from accel_doctor.index_client import IndexClient
from accel_doctor.interfaces import Notifier
from accel_doctor.model.machine import Interpreter
from accel_doctor.model.needs import Need
from accel_doctor.model.requests import Connection, IndexSettings
from accel_doctor.report.self_check_report import Fact, SelfCheck
from accel_doctor.requirements.merged_options import MergedOptions
from accel_doctor.requirements.pip_configuration import read_configuration as pip_configuration
from accel_doctor.requirements.pip_option_table import ParsedArguments
from accel_doctor.store.cache_root import open_cache_root
from accel_doctor.store.layout import INTERPRETERS
from accel_doctor.store.levels.opening import LevelSettings
from accel_doctor.system.file_reader import FileReader
from accel_doctor.system.packages.privilege import find_privilege
from accel_doctor.system.packages.system_tools import SYSTEM_PATH
from accel_doctor.system.probe import MachineProber
from accel_doctor.system.python.target import NoEnvironmentError, find_target, usual_python

Facts = Iterator[tuple[str, Fact]]
_LITTLE_ROOM = 1 << 30  # bytes: a compiler and its headers take as much
_PATIENCE = 10.0  # seconds to wait for an index
_KNOWN_EVERYWHERE = "pip"  # a project that every index has
_TELLING = ("ACCEL_DOCTOR_", "PIP_", "UV_", "CONDA_PREFIX", "VIRTUAL_ENV", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
_OF_BUILDS = frozenset({"CC", "CXX", "CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS", "TMPDIR", "SSL_CERT_FILE"})


class _Complaints(Notifier):
    """Collect what shared levels complain about."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def step(self, text: str) -> None:
        self.note(text)

    def note(self, text: str) -> None:
        self.told.append(text)


@dataclass(frozen=True)
class Examination:
    """One look at this machine. ``offline``: without asking index and levels."""

    session: Session
    frontend: str | None
    levels: LevelSettings | None
    offline: bool
    wrong: AccelDoctorError | None = None  # with the configuration

    def result(self) -> SelfCheck:
        """Return all facts, and everything that is wrong."""
        problems: list[AccelDoctorError] = [self.wrong] if self.wrong else []
        found: dict[str, dict[str, Fact]] = {}
        for heading, facts in {
            "accel-doctor": self._program(),
            "machine": self._machine(),
            "system packages": self._packages(),
            "target": self._target(),
            "builds": self._builds(),
            "cache": self._cache(),
            "index": self._index(),
            "rules": self._rules(),
            "configuration": self._configuration(),
        }.items():
            found[heading] = {}
            try:
                found[heading].update(facts)
            except AccelDoctorError as error:
                if all(error.message != one.message for one in problems):
                    problems.append(error)
            except OSError as error:
                problems.append(AccelDoctorError(f"{error.filename or heading}: {error.strerror or error}"))
        return SelfCheck(found, problems, str(self.session.invocation.home))

    def _program(self) -> Facts:
        yield "version", __version__
        yield "installed in", str(self.session.invocation.own)
        yield "its Python", f"{platform.python_version()} ({sys.executable})"

    def _machine(self) -> Facts:
        distribution = self.session.distribution
        yield "distribution", str(distribution)
        yield "id", f"{distribution.id}:{distribution.version or distribution.codename}".rstrip(":")
        yield "kernel", f"{platform.system()} {platform.release()}"
        yield "architecture", platform.machine()

    def _packages(self) -> Facts:
        session = self.session
        yield "rules of", session.rulebook.family(session.distribution)
        yield "manager", session.package_manager.name
        rights = find_privilege(euid=os.geteuid(), path=SYSTEM_PATH, terminal=session.terminal.interactive).tool
        yield "rights", "root" if rights == "" else f"through {rights}" if rights else "none: packages are only named"
        if obstacle := session.obstacle:
            raise PrivilegeError(f"system packages cannot be installed: {obstacle}")

    def _target(self) -> Facts:
        try:
            found = self._interpreter
        except NoEnvironmentError as error:
            yield "environment", f"none here: {error.message}"
            return
        yield "environment", str(found.prefix) if found.in_virtual_environment else f"none: {found.prefix} itself"
        yield "Python", f"{found.version} ({found.executable})"
        yield "made by", found.origin.value
        yield "libc", found.libc
        yield "headers", (found.include / "Python.h").is_file()
        yield "externally managed", found.externally_managed is not None
        yield "pip", found.pip_version

    @cached_property
    def _interpreter(self) -> Interpreter:
        """Return the interpreter to install into. Raises UsageError if there is none."""
        session = self.session
        cache = cache_directory(session.place.cache_dir, session.invocation.variables, session.invocation.directory)
        # What is known about interpreters is read from the cache, but not written: a self-check makes no cache.
        known = cache / INTERPRETERS
        return find_target(session.runner, session.invocation, session.python, known if known.is_dir() else None)

    @cached_property
    def _likely_interpreter(self) -> Interpreter:
        """Return the interpreter to install into, else python3 on PATH, else an assumed one."""
        with suppress(UsageError):
            return self._interpreter
        with suppress(UsageError):
            usual = usual_python(self.session.invocation)
            return find_target(self.session.runner, self.session.invocation, usual or "python3")
        return self.session.assumed_interpreter()

    def _builds(self) -> Facts:
        session, variables = self.session, self.session.invocation.variables
        uv = find_uv(variables)
        said = session.runner.capture([str(uv), "--version"], timeout=_PATIENCE).output.split() if uv else []
        yield "frontend", self.frontend or ("uv" if uv else "pip")
        yield "uv", f"{said[1]} ({uv})" if len(said) > 1 else None
        prober = MachineProber(session.runner, self._likely_interpreter, variables)
        compilers = ("c", "c++", "fortran", "rust")
        yield "compilers", [name for name in compilers if prober.present(Need.parse(f"compiler:{name}"))]
        yield "sandbox", session.sandbox.description
        if self.frontend == "uv" and not uv:
            raise ToolError("uv not found", hint="install it, or use --frontend pip")

    def _cache(self) -> Facts:
        session = self.session
        directory = cache_directory(session.place.cache_dir, session.invocation.variables, session.invocation.directory)
        yield "directory", str(directory)
        yield "journal", str(journal_path(session.invocation.variables))
        there = next(path for path in (directory, *directory.parents) if path.exists())
        free = shutil.disk_usage(there).free
        yield "free", decimal(free)
        yield (
            "temporary files",
            f"{tempfile.gettempdir()}, {decimal(shutil.disk_usage(tempfile.gettempdir()).free)} free",
        )
        if directory.exists():
            open_cache_root(directory, create=False)
        if not there.is_dir() or not os.access(there, os.W_OK):
            why = "not writable" if there.is_dir() else "not a directory"
            raise CacheError(
                f"cannot use the cache {directory}: {there} is {why}", hint="name another with --cache-dir"
            )
        if free < _LITTLE_ROOM:
            raise CacheError(f"only {decimal(free)} free at {there}", hint="accel-doctor cache prune makes room")

    def _index(self) -> Facts:
        session, variables = self.session, self.session.invocation.variables
        disk = FileReader(Connection(), variables)
        configuration = pip_configuration(session.invocation, self._likely_interpreter.prefix, disk)
        options = MergedOptions(ParsedArguments(), configuration, session.invocation)
        settings = IndexSettings(offline=self.offline, **options.fields_of(IndexSettings))
        settings = as_reached(settings, self.frontend or "uv", session)
        own = settings.index_url or settings.of_frontend.default
        places = [*settings.extra_index_urls, *settings.of_frontend.others, *([own] if own else [])]
        yield "index", places or ("none" if settings.no_index else "the default")
        yield "levels", list(self.levels.addresses) if self.levels else []
        if self.offline:
            return
        IndexClient(variables).project(_KNOWN_EVERYWHERE, replace(settings, timeout=_PATIENCE, retries=0))
        yield "index answers", True
        if self.levels:
            yield "levels answer", self._levels_answer(self.levels)

    def _levels_answer(self, settings: LevelSettings) -> bool:
        complaints, invocation = _Complaints(), self.session.invocation
        opened, _ = replace(settings, read_only=True).opened(invocation.variables, invocation.directory, complaints)
        with tempfile.TemporaryDirectory() as scratch:
            for level in opened:
                level.fetch("self-check", Path(scratch) / "object", 1 << 10)
        if complaints.told:
            raise LevelError("; ".join(complaints.told))
        return True

    def _rules(self) -> Facts:
        book = self.session.rulebook
        yield "own directories", [str(path) for path in self.session.rule_directories]
        yield "families", list(book.families())
        yield "symptoms", str(len(book.symptoms))
        index = self.session.indexes.own or self.session.indexes.nearest
        yield "file index", str(index.release) if index else None

    def _configuration(self) -> Facts:
        variables = self.session.invocation.variables
        yield "directory", str(user_directory(variables))
        yield "keys", [] if self.wrong else sorted(read_configuration(user_directory(variables), working_directory()))
        yield (
            "variables",
            sorted(
                name
                for name, value in variables.items()
                if value and (name.upper().startswith(_TELLING) or name in _OF_BUILDS)
            ),
        )
