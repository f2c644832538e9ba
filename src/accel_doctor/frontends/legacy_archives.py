"""Leave to pip what uv refuses: sdists that are neither ``.tar.gz`` nor ``.zip``, which PyPI took until 2017, and
archives that it does not unpack, such as those with absolute links.

uv's rule: https://docs.astral.sh/uv/pip/compatibility/#source-distribution-filenames-and-formats
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from accel_doctor.errors import RequirementsError, ToolError
from accel_doctor.interfaces import Frontend
from accel_doctor.model.builds import Failed, Locked
from accel_doctor.model.requests import BuildSettings, IndexSettings, InstallRequest

_REFUSED = re.compile(r"non-PEP 625-compliant (?:source distribution )?filename|Failed to extract archive")
SDIST_ENDINGS = (".tar.gz", ".zip")  # of sdists that uv and lock files accept


@dataclass(frozen=True)
class LegacyArchives:
    """uv; pip for requests and sources with an archive that uv refuses."""

    uv: Frontend
    create_pip: Callable[[], Frontend]  # called when uv has refused something: most runs need no pip

    @property
    def name(self) -> str:
        return self.uv.name

    def lock(self, request: InstallRequest, log: Path) -> Locked | Failed:
        try:
            return self.uv.lock(request, log)
        except (RequirementsError, ToolError) as error:
            if not _REFUSED.search(error.message):
                raise
        return self.create_pip().lock(request, log)

    def build_command(
        self, source: Path, wheel_directory: Path, build: BuildSettings, index: IndexSettings, work: Path
    ) -> tuple[tuple[str, ...], Mapping[str, str]]:
        refused = source.is_file() and not source.name.endswith(SDIST_ENDINGS)
        frontend = self.create_pip() if refused else self.uv
        return frontend.build_command(source, wheel_directory, build, index, work)

    def build_requirements(self, log: Path) -> tuple[str, ...]:
        return self.uv.build_requirements(log)

    def install(self, locked: Locked, request: InstallRequest, log: Path) -> Failed | None:
        return self.uv.install(locked, request, log)
