"""``accel-doctor download``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from accel_doctor.cli.commands.wheel import concluded
from accel_doctor.cli.file_collection import Collection
from accel_doctor.cli.options import ConsentOptions, FrontendOptions, PlaceOptions, as_command, option
from accel_doctor.cli.pip_line import PipArguments, PipLineCommand, prepare
from accel_doctor.cli.sandbox_options import SandboxOptions
from accel_doctor.cli.session import Session, started
from accel_doctor.cli.targets import for_no_environment


@dataclass(frozen=True)
class DownloadOptions:
    pip: PipArguments = PipArguments()
    dest: str = option(
        "-d",
        "--dest",
        "--destination-dir",
        "--destination-directory",
        metavar="DIR",
        default=".",
        help="Put the files into this directory.",
    )
    consent: ConsentOptions = ConsentOptions()
    python: str | None = option("--python", metavar="PATH", help="Download for this interpreter or environment.")
    frontend: FrontendOptions = FrontendOptions()
    sandbox: SandboxOptions = SandboxOptions()
    place: PlaceOptions = PlaceOptions()


@as_command("download", DownloadOptions, cls=PipLineCommand)
def command(options: DownloadOptions) -> int:
    """Download requirements, and all that they require, into a directory.

    Takes pip's arguments, as install does. Downloads the wheel that install would use, or the source distribution where
    there is none. Builds and installs nothing, unless only a build tells what something requires.
    """
    isolation = options.sandbox.isolation
    session = Session(started(), options.place, options.pip.verbosity, options.python, isolation=isolation)
    session = for_no_environment(session)
    frontend, request = prepare(session, options.pip, options.frontend)
    place, policy = Path(session.invocation.absolute(options.dest)), options.consent.policy(dry_run=False)
    collection = Collection(session, frontend, place, policy, 1, False)
    return concluded(collection, collection.made_of(request))
