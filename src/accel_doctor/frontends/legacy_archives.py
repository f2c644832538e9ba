"""Leave to pip what uv refuses: sdists that are neither ``.tar.gz`` nor ``.zip``, which PyPI took until 2017, and
archives that it does not unpack, such as those with absolute links.

uv's rule: https://docs.astral.sh/uv/pip/compatibility/#source-distribution-filenames-and-formats
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from accel_doctor.errors import RequirementsError, ToolError
from accel_doctor.interfaces import Frontend
from accel_doctor.model.builds import Failed, Locked
from accel_doctor.model.processes import Completed
from accel_doctor.model.requests import BuildSettings, IndexSettings, InstallRequest

# The last is of its lock: told their metadata, uv takes such sdists.
_REFUSED = re.compile(
    r"non-PEP 625-compliant (?:source distribution )?filename|Failed to extract archive|Invalid sdist filename"
)
SDIST_ENDINGS = (".tar.gz", ".zip")  # of sdists that uv and lock files accept


@dataclass(frozen=True)
class LegacyArchives:
    """Drive uv, and pip to resolve what has an archive that uv refuses."""

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

    def provision(
        self, environment: Path, requirements: Sequence[str], build: BuildSettings, index: IndexSettings, log: Path
    ) -> Completed:
        return self.uv.provision(environment, requirements, build, index, log)

    def install(self, locked: Locked, request: InstallRequest, log: Path) -> Failed | None:
        return self.uv.install(locked, request, log)
