"""Find the libraries of this machine that the extension modules of an environment need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path

from accel_doctor.interfaces import Loader
from accel_doctor.model.stored_environments import StoredEnvironment
from accel_doctor.model.wheels import Link
from accel_doctor.system.loader.library_versions import libraries_state
from accel_doctor.system.python.base_interpreter import remember

_MOST_FILES = 5000


@dataclass(frozen=True)
class EnvironmentLibraries:
    """Shared libraries as one interpreter finds them; answers are remembered between runs below ``cache``."""

    executable: str
    variables: Mapping[str, str]
    cache: Path

    def links(self, root: Path) -> Sequence[Link]:
        from accel_doctor.elf import ElfFacts, libraries_asked_by, read_elf

        files: dict[str, ElfFacts] = {}
        libraries = (path for path in root.glob("lib/**/*.so*") if not path.is_symlink())
        for path in islice(libraries, _MOST_FILES):
            with suppress(OSError), path.open("rb") as stream:
                if facts := read_elf(stream):
                    files[str(path)] = facts
        links = [Link(asked.soname, asked.versions) for asked in libraries_asked_by(files)]
        return [link for link in links if not self._loader.unmet([link])]

    def unmet(self, stored: StoredEnvironment) -> Sequence[str]:
        """Describe the libraries that a stored environment needs and this machine lacks. An empty answer is
        remembered until this machine's libraries change."""
        state = libraries_state(self.variables)
        remembered = self.cache / "checked" / stored.key
        with suppress(OSError):
            if state and remembered.read_text() == state:
                return []
        unmet = self._loader.unmet(stored.links)
        if not unmet and state:
            remember(remembered, state)
        return [str(link) for link in unmet]

    @cached_property
    def _loader(self) -> Loader:
        # most restores do not query the loader
        from accel_doctor.system.loader.library_versions import LibraryVersions
        from accel_doctor.system.loader.machine_loader import MachineLoader
        from accel_doctor.system.process.runner import ProcessRunner
        from accel_doctor.system.python.interpreter import describe

        runner = ProcessRunner(self.variables)
        versions = LibraryVersions(self.cache / "libraries.json")
        return MachineLoader(runner, describe(Path(self.executable), runner), self.variables, versions=versions)
