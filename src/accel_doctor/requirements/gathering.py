"""Everything that requirement files may change, gathered in pip's order: configuration, argument line, files."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from accel_doctor.errors import UsageError
from accel_doctor.model import RequirementLine
from accel_doctor.requirements.arguments import ParsedArguments
from accel_doctor.requirements.file_access import Files
from accel_doctor.requirements.nested import PlacedLine, is_lock, read_nested
from accel_doctor.requirements.options import unsupported
from accel_doctor.requirements.pip_configuration import Configuration
from accel_doctor.requirements.specifier import read_specifier
from accel_doctor.requirements.surroundings import Surroundings

COMMAND_LINE = "command line"


class Gathering:
    """What was found, as lists in the order it was found."""

    def __init__(
        self, arguments: ParsedArguments, configuration: Configuration, files: Files, surroundings: Surroundings
    ) -> None:
        self._arguments = arguments
        self._configuration = configuration
        self._files = files
        self._surroundings = surroundings
        self.lock: Path | None = None
        self.requirements: list[RequirementLine] = []
        self.constraints: list[RequirementLine] = []
        self.index_url = arguments.index_url or configuration.text("index-url")
        self.extra_index_urls = [*configuration.words("extra-index-url"), *arguments.extra_index_urls]
        self.find_links = [
            self._find_link(location) for location in (*configuration.words("find-links"), *arguments.find_links)
        ]
        self.trusted_hosts = [*configuration.words("trusted-host"), *arguments.trusted_hosts]
        self.format_control = [*self._configured_formats(), *arguments.format_control]
        self.flags = self._given_flags()

    def read_all(self) -> None:
        """Read everything, in pip's order: constraints, the argument line, editables, requirement files.

        Raises UsageError where there is not one requirement, or where something cannot be read.
        """
        given, settings = self._arguments, self._configuration
        requirement_files = (*settings.words("requirement"), *given.requirement_files)
        editables = (*settings.words("editable"), *given.editables)
        for location in (*settings.words("constraint"), *given.constraint_files):
            self._read_file(location, constraint=True)
        for text in filter(str.strip, given.requirements):
            self.requirements.append(self._specifier(text, COMMAND_LINE))
        for text in editables:
            self.requirements.append(self._specifier(text, COMMAND_LINE, editable=True))
        for location in requirement_files:
            if is_lock(location):
                self.lock = self._lock(location, alone=len(requirement_files) == 1 and not self.requirements)
            else:
                self._read_file(location, constraint=False)
        if not (given.requirements or editables or requirement_files):
            raise self._nothing_asked_for()

    def build_constraints(self) -> Iterator[str]:
        """The lines of the build constraint files."""
        given, settings = self._arguments, self._configuration
        for location in (*settings.words("build-constraint"), *given.build_constraint_files):
            for placed in self._placed(location, constraint=True):
                if placed.line.requirement:
                    line = self._specifier(placed.line.requirement, placed.line.origin)
                    _check_constraint(line)
                    yield line.text

    def _configured_formats(self) -> Iterator[tuple[str, str]]:
        for option in ("no-binary", "only-binary"):
            if value := self._configuration.text(option):
                yield option, value

    def _given_flags(self) -> set[str]:
        given = {
            "no-index": self._arguments.no_index,
            "pre": self._arguments.pre,
            "prefer-binary": self._arguments.prefer_binary,
            "require-hashes": self._arguments.require_hashes,
            "no-require-hashes": self._arguments.no_require_hashes,
        }
        return {flag for flag, on in given.items() if on or self._configuration.flag(flag)}

    def _lock(self, location: str, *, alone: bool) -> Path:
        location = self._surroundings.expand(location)
        if not alone or self.constraints:
            raise UsageError(
                f"{location} is a lock: it says everything, and no other requirement or constraint goes with it",
                hint="install what else is wanted with a second command",
            )
        path = self._surroundings.absolute(location)
        if urlsplit(location).scheme or not self._files.is_file(path):
            raise UsageError(f"no such lock on this machine: {location}")
        return Path(path)

    def _read_file(self, location: str, *, constraint: bool) -> None:
        for placed in self._placed(location, constraint=constraint):
            if placed.line.requirement or placed.line.values("editable"):
                self._add(placed)
            else:
                self._apply(placed)

    def _placed(self, location: str, *, constraint: bool) -> Iterator[PlacedLine]:
        return read_nested(
            self._surroundings.expand(location),
            constraint=constraint,
            directory=self._surroundings.directory,
            files=self._files,
            environment=self._surroundings.environment,
        )

    def _add(self, placed: PlacedLine) -> None:
        line = placed.line
        requirement = self._specifier(
            line.requirement or line.values("editable")[0],
            line.origin,
            editable=not line.requirement,
            hashes=line.values("hash"),
            config_settings=line.values("config-settings"),
        )
        if placed.constraint:
            _check_constraint(requirement)
            self.constraints.append(requirement)
        else:
            self.requirements.append(requirement)

    def _apply(self, placed: PlacedLine) -> None:
        for name, value in placed.line.options:
            match name:
                case "index-url":
                    self.index_url, self.extra_index_urls = value, []
                case "extra-index-url":
                    self.extra_index_urls.append(value)
                case "find-links":
                    self.find_links.append(self._find_link_in(placed, value))
                case "trusted-host":
                    self.trusted_hosts.append(value)
                case "no-binary" | "only-binary":
                    self.format_control.append((name, value))
                case "no-index" | "pre" | "prefer-binary" | "require-hashes" | "no-require-hashes":
                    self.flags.add(name)
                case "all-releases" | "only-final":
                    error = unsupported(f"--{name}")
                    raise UsageError(f"{placed.line.origin}: {error.message}", hint=error.hint)
                case _:
                    pass  # use-feature; a --hash without a requirement, which pip ignores as well

    def _specifier(
        self,
        text: str,
        origin: str,
        *,
        editable: bool = False,
        hashes: tuple[str, ...] = (),
        config_settings: tuple[str, ...] = (),
    ) -> RequirementLine:
        return read_specifier(
            text,
            origin,
            editable=editable,
            directory=self._surroundings.directory,
            files=self._files,
            hashes=hashes,
            config_settings=config_settings,
        )

    def _find_link_in(self, placed: PlacedLine, value: str) -> str:
        # pip: relative to the requirements file where something is there, else to the working directory.
        beside = posixpath.normpath(posixpath.join(posixpath.dirname(placed.location), value))
        if not urlsplit(value).scheme and (self._files.is_directory(beside) or self._files.is_file(beside)):
            return beside
        return self._find_link(value)

    def _find_link(self, location: str) -> str:
        return location if urlsplit(location).scheme else self._surroundings.absolute(location)

    def _nothing_asked_for(self) -> UsageError:
        if self.find_links:
            links = " ".join(self.find_links)
            return UsageError(
                f'You must give at least one requirement to install (maybe you meant "accel-doctor install {links}"?)'
            )
        return UsageError(
            'You must give at least one requirement to install (see "accel-doctor install --help")',
            hint="accel-doctor install -r requirements.txt",
        )


def _check_constraint(line: RequirementLine) -> None:
    if line.editable:
        raise UsageError(f"{line.origin}: Editable requirements are not allowed as constraints")
    if line.name is None:
        raise UsageError(f"{line.origin}: Unnamed requirements are not allowed as constraints")
    if "[" in line.text.partition(";")[0].partition("@")[0]:
        raise UsageError(f"{line.origin}: Constraints cannot have extras")
