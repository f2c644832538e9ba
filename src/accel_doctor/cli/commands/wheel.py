"""``accel-doctor wheel``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from accel_doctor.cli.assembly import auditwheel_for
from accel_doctor.cli.commands.install import conclude, usable_cores
from accel_doctor.cli.file_collection import Collection
from accel_doctor.cli.numbers import Whole
from accel_doctor.cli.options import (
    ConsentOptions,
    FrontendOptions,
    LevelOptions,
    PlaceOptions,
    as_command,
    option,
    own,
)
from accel_doctor.cli.pip_line import PipArguments, PipLineCommand, prepare
from accel_doctor.cli.sandbox_options import SandboxOptions
from accel_doctor.cli.session import Session, started
from accel_doctor.cli.targets import for_no_environment
from accel_doctor.errors import ExitCode
from accel_doctor.model.plans import Result


@dataclass(frozen=True)
class WheelOptions:
    pip: PipArguments = PipArguments()
    wheel_dir: str = option("-w", "--wheel-dir", metavar="DIR", default=".", help="Put the wheels into this directory.")
    consent: ConsentOptions = ConsentOptions()
    portable: bool = own(
        "--portable", default=False, help="Bundle linked libraries into built wheels with auditwheel, where possible."
    )
    python: str | None = own("--python", metavar="PATH", help="Build for this interpreter or environment.")
    jobs: int | None = own(
        "--jobs", type=Whole(min=1), metavar="N", help="Build this many at once (default: one per core)."
    )
    frontend: FrontendOptions = FrontendOptions()
    sandbox: SandboxOptions = SandboxOptions()
    place: PlaceOptions = PlaceOptions()
    levels: LevelOptions = LevelOptions()


@as_command("wheel", WheelOptions, cls=PipLineCommand)
def command(options: WheelOptions) -> int:
    """Put wheels of requirements, and of all that they require, into a directory.

    Takes pip's arguments, as install does. Wheels are downloaded where the index has them, and else built, with the
    system packages that their builds turn out to need. Installs nothing but those.
    """
    isolation = options.sandbox.isolation
    session = Session(started(), options.place, options.pip.verbosity, options.python, isolation=isolation)
    session = for_no_environment(session)
    frontend, request = prepare(session, options.pip, options.frontend)
    if options.portable:
        auditwheel_for(session).check()
        request = replace(request, build=replace(request.build, portable=True))
    levels = options.levels.settings(session.invocation.variables, offline=request.index.offline, dry_run=False)
    place = Path(session.invocation.absolute(options.wheel_dir))
    policy, jobs = options.consent.policy(dry_run=False), options.jobs or usable_cores()
    collection = Collection(session, frontend, place, policy, jobs, True, levels)
    return concluded(collection, collection.made_of(request))


def concluded(collection: Collection, result: Result) -> int:
    """Tell how a run failed that was to put files into a directory; return the exit code."""
    session = collection.session
    if result.code is not ExitCode.DONE:
        in_the_way = session.obstacle if result.code is ExitCode.PRIVILEGE else None
        conclude(result, session, collection.policy, str(collection.place), 0.0, in_the_way, told=False)
    return int(result.code)
