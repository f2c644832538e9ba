"""Combine the argument line, pip's configuration and requirement files into one request, checked as pip does."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

from accel_doctor.errors import UsageError
from accel_doctor.model.machine import Invocation
from accel_doctor.model.requests import BuildSettings, Connection, IndexSettings, InstallRequest, RequirementLine
from accel_doctor.requirements.embedded import Embedded, group_requirements, read_script
from accel_doctor.requirements.lines import FORMATS, Line
from accel_doctor.requirements.merged_options import MergedOptions, settle
from accel_doctor.requirements.other_files import SYNCED, is_lock
from accel_doctor.requirements.pip_configuration import Configuration
from accel_doctor.requirements.pip_option_table import OPTION_OF, Kind, ParsedArguments
from accel_doctor.requirements.requirement_files import Files, NestedReader
from accel_doctor.requirements.specifier import SpecifierReader
from accel_doctor.requirements.unsupported_options import INSTEAD, UNSUPPORTED_KEYS, unsupported

COMMAND_LINE = "command line"

# What is probably meant where nothing is given, by the first of these files that is there.
_USUAL = (
    ("requirements.txt", "-r requirements.txt"),
    ("pylock.toml", "-r pylock.toml"),
    ("requirements.in", "-r requirements.in"),
    ("pyproject.toml", "."),
    ("setup.py", "."),
)


class NoRequirementsError(UsageError):
    """Nothing to install was given; the hint has the arguments that are probably meant, without the command, and
    ``lock`` is a lock file that is here and that the command does not read."""

    lock: str | None = None


def read_request(
    arguments: ParsedArguments,
    configuration: Configuration,
    files: Files,
    invocation: Invocation,
    *,
    in_virtual_environment: bool,
    python: str | None = None,
) -> InstallRequest:
    """Return the user's request. Raises UsageError for unreadable files, and contradictory or unsupported options.

    Options that can be repeated add to the configuration's values; all others replace them. Options in requirement
    files come last and win. ``in_virtual_environment`` and ``python``, its version, describe the target interpreter.
    """
    for key in sorted(UNSUPPORTED_KEYS & configuration.settings.keys()):
        _refuse(f"--{key}", configuration.settings[key].source)
    gathered = _Gathering(arguments, configuration, files, invocation, python)
    options = gathered.options
    _check_combinations(options, in_virtual_environment)
    gathered.read_all()
    no_binary, only_binary = settle(gathered.format_control)
    index = IndexSettings(offline=arguments.offline, **options.fields_of(IndexSettings))
    return InstallRequest(
        requirements=_requirements(gathered),
        constraints=tuple(gathered.constraints),
        lock=gathered.lock,
        index=replace(index, index_url=None, extra_index_urls=()) if index.no_index else index,
        build=BuildSettings(build_constraints=tuple(gathered.build_constraints()), **options.fields_of(BuildSettings)),
        no_binary=no_binary,
        only_binary=only_binary,
        verbosity=arguments.verbosity,
        **options.fields_of(InstallRequest),
    )


def read_connection(arguments: ParsedArguments, configuration: Configuration, invocation: Invocation) -> Connection:
    """Return the connection settings, as known before any requirement file is read."""
    return Connection(**MergedOptions(arguments, configuration, invocation).fields_of(Connection))


def _requirements(gathered: _Gathering) -> tuple[RequirementLine, ...]:
    if not gathered.options.on("no-require-hashes"):
        return tuple(gathered.requirements)
    if gathered.options.on("require-hashes"):
        raise UsageError("--require-hashes and --no-require-hashes are mutually exclusive")
    # One hash on a line would turn checking on for all: drop them.
    return tuple(replace(line, hashes=()) for line in gathered.requirements)


def _check_combinations(options: MergedOptions, in_virtual_environment: bool) -> None:
    if options.on("user") and options.on("target"):
        raise UsageError("Can not combine '--user' and '--target'")
    for one in ("user", "target"):
        if options.on(one) and options.on("prefix"):
            raise UsageError(f"Can not combine '--{one}' and '--prefix' as they imply different installation locations")
    if options.on("require-virtualenv") and not in_virtual_environment:
        raise UsageError(
            "Could not find an activated virtualenv (required).",
            hint="create one with python3 -m venv DIR, then pass --python DIR/bin/python",
        )


class _Gathering:
    """Requirements and constraints in reading order; requirement files change ``options``."""

    def __init__(
        self,
        arguments: ParsedArguments,
        configuration: Configuration,
        files: Files,
        invocation: Invocation,
        python: str | None,
    ) -> None:
        self._arguments = arguments
        self._python = python
        self._files = files
        self._invocation = invocation
        self._specifiers = SpecifierReader(files, invocation.directory)
        self._nested = NestedReader(files, invocation)
        self.options = MergedOptions(arguments, configuration, invocation)
        self.options.replace("find-links", tuple(map(self._find_link, self.options.many("find-links"))))
        for host in self.options.many("trusted-host"):
            _check_host(host, COMMAND_LINE)
        self.lock: Path | None = None
        self.requirements: list[RequirementLine] = []
        self.constraints: list[RequirementLine] = []
        configured = [(key, value) for key in FORMATS if (value := configuration.text(key))]
        self.format_control = [*configured, *arguments.format_control]

    def read_all(self) -> None:
        """Read everything, in pip's order: constraints, the argument line, editables, requirement files.

        Raises UsageError if there are no requirements, or a file cannot be read.
        """
        given = self._arguments.requirements
        requirement_files, editables = self.options.many("requirement"), self.options.many("editable")
        scripts = self.options.many("requirements-from-script")
        for location in self.options.many("constraint"):
            self._read_file(location, constraint=True)
        for text in filter(str.strip, given):
            self.requirements.append(self._specifiers.read(text, COMMAND_LINE))
        for text in editables:
            self.requirements.append(self._specifiers.read(text, COMMAND_LINE, editable=True))
        for given_group in self.options.many("group"):
            self._embedded(group_requirements(given_group, self._files, self._invocation))
        for location in scripts:
            script = read_script(location, self._files, self._invocation)
            if self._python and not script.requires_python.contains(self._python, prereleases=True):
                raise UsageError(
                    f"{location} requires Python {script.requires_python}, and this is Python {self._python}",
                    hint="choose another interpreter or environment with --python",
                )
            self._embedded(script.dependencies)
        for location in requirement_files:
            if is_lock(location):
                self.lock = self._lock(location, alone=len(requirement_files) == 1 and not self.requirements)
            else:
                self._read_file(location, constraint=False)
        if not (given or editables or requirement_files or scripts or self.options.many("group")):
            raise self._nothing_asked_for()

    def build_constraints(self) -> Iterator[str]:
        """Yield the lines of the build constraint files."""
        for location in self.options.many("build-constraint"):
            for line in self._nested.read(location, constraint=True):
                if line.requirement:
                    requirement = self._specifiers.read(line.requirement, line.origin)
                    _check_constraint(requirement)
                    yield requirement.text

    def _embedded(self, found: Iterable[Embedded]) -> None:
        self.requirements += [self._specifiers.read(one.text, one.origin) for one in found]

    def _lock(self, location: str, *, alone: bool) -> Path:
        location = self._invocation.expand(location)
        if self._arguments.options.get("constraint") or not alone:
            raise UsageError(
                f"{location} is a lock file: it cannot be combined with other requirements or constraints",
                hint="install the rest with a second command",
            )
        self.constraints.clear()  # the configured ones were for resolving
        path = self._invocation.absolute(location)
        if _scheme(location) or not self._files.is_file(path):
            raise UsageError(f"lock file not found: {location}")
        return Path(path)

    def _read_file(self, location: str, *, constraint: bool) -> None:
        for line in self._nested.read(location, constraint=constraint):
            if line.requirement or line.values("editable"):
                self._add(line)
                line = line.for_all_lines
            self._apply(line)

    def _add(self, line: Line) -> None:
        editables = line.values("editable")
        requirement = self._specifiers.read(
            line.requirement or editables[0],
            line.origin,
            editable=bool(editables),
            hashes=line.values("hash"),
            config_settings=line.values("config-settings"),
        )
        if line.constraint:
            _check_constraint(requirement)
            self.constraints.append(requirement)
        else:
            self.requirements.append(requirement)

    def _apply(self, line: Line) -> None:
        for name, value in line.options:
            option = OPTION_OF.get(name)
            if option is None:  # use-feature and a --hash without a requirement are ignored, as pip ignores them
                if f"--{name}" in INSTEAD:
                    _refuse(f"--{name}", line.origin)
            elif option.kind is Kind.FORMATS:
                self.format_control.append((name, value))
            elif name == "find-links":
                self.options.set(option, self._find_link_in(line, value))
            else:
                if name == "trusted-host":
                    _check_host(value, line.origin)
                if name == "index-url":
                    self.options.replace("extra-index-url", ())
                self.options.set(option, value)

    def _find_link_in(self, line: Line, value: str) -> str:
        # As in pip: relative to the requirements file if the path exists there, else to the working directory.
        beside = posixpath.normpath(posixpath.join(posixpath.dirname(line.location), value))
        if not _scheme(value) and (self._files.is_directory(beside) or self._files.is_file(beside)):
            return beside
        return self._find_link(value)

    def _find_link(self, location: str) -> str:
        return location if _scheme(location) else self._invocation.absolute(location)

    def _nothing_asked_for(self) -> NoRequirementsError:
        there = [words for name, words in _USUAL if self._is_here(name)]
        error = NoRequirementsError(
            "no requirements given", hint=there[0] if there else "NAME, or with a file: -r FILE"
        )
        error.lock = next(filter(self._is_here, SYNCED), None)
        return error

    def _is_here(self, name: str) -> bool:
        return self._files.is_file(self._invocation.absolute(name))


def _check_host(host: str, origin: str) -> None:
    bare = host.count(":") > 1 and "@" not in host and "[" not in host  # an IPv6 address
    try:
        parts = urlsplit(f"https://[{host}]" if bare else f"https://{host}")
        named = parts.hostname and (parts.port is None or parts.port)
    except ValueError as error:
        raise UsageError(f"{origin}: --trusted-host {host}: {error}") from error
    if not named:
        raise UsageError(f"{origin}: --trusted-host {host}: expected HOST or HOST:PORT")


def _scheme(location: str) -> str:
    try:
        return urlsplit(location).scheme
    except ValueError as error:
        raise UsageError(f"{location}: {error}") from error


def _refuse(option: str, where: str) -> NoReturn:
    error = unsupported(option)
    raise UsageError(f"{where}: {error.message}", hint=error.hint)


def _check_constraint(line: RequirementLine) -> None:
    if line.editable:
        raise UsageError(f"{line.origin}: Editable requirements are not allowed as constraints")
    if line.name is None:
        raise UsageError(f"{line.origin}: Unnamed requirements are not allowed as constraints")
    if "[" in line.text.partition(";")[0].partition("@")[0]:
        raise UsageError(f"{line.origin}: Constraints cannot have extras")
