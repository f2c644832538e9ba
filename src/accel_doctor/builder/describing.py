"""Build the metadata of sources that do not say them, in the sandbox that whole builds have."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.utils import parse_wheel_filename
from packaging.version import InvalidVersion, Version

from accel_doctor.builder.build_output import BuildOutput
from accel_doctor.builder.fetch import check_out, head_of, with_commit
from accel_doctor.builder.returned import taken_wheel
from accel_doctor.builder.sources import CHECKOUT, SourceBuilder
from accel_doctor.builder.wheel_builds import Product
from accel_doctor.hashing import sha256_of
from accel_doctor.interfaces import Describer
from accel_doctor.model.builds import Described, Failed, Source, SourceKind, Wheel
from accel_doctor.model.requests import InstallRequest
from accel_doctor.workers import workers


@dataclass(frozen=True)
class SourceDescriber(Describer):
    """Build metadata isolated (PEP 517), with all that ``builder`` builds wheels with."""

    builder: SourceBuilder

    def described(self, sources: Sequence[Source], request: InstallRequest) -> list[Described | Failed]:
        if not sources:
            return []
        with workers(self.builder.jobs, "metadata") as pool:
            return list(pool.map(lambda source: self._described(source, request), sources))

    def _described(self, source: Source, request: InstallRequest) -> Described | Failed:
        work = self.builder.scratch(source)
        self.builder.reporter.metadata_started(source)
        try:
            return self._built(source, request, work, BuildOutput(source, self.builder.reporter))
        finally:
            self.builder.reporter.metadata_finished(source)
            shutil.rmtree(work, ignore_errors=True)

    def _built(self, source: Source, request: InstallRequest, work: Path, output: BuildOutput) -> Described | Failed:
        runner = self.builder.runner
        started, log = time.monotonic(), self.builder.logs.new_log("metadata", source.name)
        if source.kind is SourceKind.VCS:
            top, below = work / CHECKOUT, source.subdirectory or ""
            source = with_commit(source, runner)
            check_out(source, top, runner)
            source = replace(source, commit=head_of(top, runner))  # of an abbreviated one
        else:
            top, below = self.builder.fetcher.fetch(source, request.index, work), ""
            source = replace(source, sha256=source.sha256 or sha256_of(top))
        settings = request.build_settings_of(source.name)
        done = self.builder.builds.wheel_of(
            source.name, top, below, settings, request.index, work, log, output.hear, Product.METADATA
        )
        if done.wheel is not None:
            try:
                return _taken(source, done.wheel, Path(tempfile.mkdtemp(dir=self.builder.work)) / "wheel")
            except (ValueError, OSError) as error:
                with log.open("a", encoding="utf-8") as file:
                    file.write(f"error: refused what the build returned as {done.wheel.name!r}: {error}\n")
        seconds = time.monotonic() - started
        release = source if source.version else None
        return Failed(source.name, log, "resolve", done.returncode or 1, seconds, source.version, release)


def _taken(source: Source, made: Path, directory: Path) -> Described:
    wheel = taken_wheel(made, directory)
    name, version, _, _ = parse_wheel_filename(wheel.name)
    if source.version is not None and (name, version) != (source.name, _version(source.version)):
        raise ValueError(f"it is of {name} {version}, not of {source}")
    return Described(replace(source, name=name, version=str(version)), Wheel(wheel, sha256_of(wheel)))


def _version(text: str) -> Version | None:
    with suppress(InvalidVersion):
        return Version(text)
    return None
