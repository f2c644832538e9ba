"""Makes one request of the argument line, pip's configuration and requirement files, and checks it as pip does."""

from __future__ import annotations

from dataclasses import replace

from accel_doctor.errors import UsageError
from accel_doctor.model import BuildSettings, Connection, IndexSettings, InstallRequest, RequirementLine
from accel_doctor.model.invocation import Invocation
from accel_doctor.requirements.arguments import ParsedArguments
from accel_doctor.requirements.file_access import Files
from accel_doctor.requirements.format_control import settle
from accel_doctor.requirements.gathering import Gathering
from accel_doctor.requirements.merged_options import MergedOptions
from accel_doctor.requirements.pip_configuration import Configuration
from accel_doctor.requirements.unsupported_options import unsupported_key


def read_request(
    arguments: ParsedArguments,
    configuration: Configuration,
    files: Files,
    invocation: Invocation,
    *,
    in_virtual_environment: bool,
) -> InstallRequest:
    """Return what the user asked for. Raises UsageError for what cannot be read, is contradictory or unsupported.

    Options that can be repeated add to the configuration's values; all others replace them. Options in requirement
    files come last and win. ``in_virtual_environment`` says where the target interpreter is.
    """
    for key in configuration.settings:
        if (error := unsupported_key(key)) is not None:
            raise UsageError(f"{configuration.source(key)}: {error.message}", hint=error.hint)
    gathered = Gathering(arguments, configuration, files, invocation)
    options = gathered.options
    _check_combinations(options, in_virtual_environment)
    gathered.read_all()
    no_binary, only_binary = settle(gathered.format_control)
    return InstallRequest(
        requirements=_requirements(gathered),
        constraints=tuple(gathered.constraints),
        lock=gathered.lock,
        index=_index(IndexSettings(offline=arguments.offline, **options.fields_of(IndexSettings))),
        build=BuildSettings(build_constraints=tuple(gathered.build_constraints()), **options.fields_of(BuildSettings)),
        no_binary=no_binary,
        only_binary=only_binary,
        verbosity=arguments.verbosity,
        **options.fields_of(InstallRequest),
    )


def read_connection(arguments: ParsedArguments, configuration: Configuration, invocation: Invocation) -> Connection:
    """Return how servers are reached, as far as it is known before any requirement file is read."""
    return Connection(**MergedOptions(arguments, configuration, invocation).fields_of(Connection))


def _requirements(gathered: Gathering) -> tuple[RequirementLine, ...]:
    if not gathered.options.on("no-require-hashes"):
        return tuple(gathered.requirements)
    if gathered.options.on("require-hashes"):
        raise UsageError("--require-hashes and --no-require-hashes are mutually exclusive")
    # One hash on a line turns checking on for all: with none left, nothing does.
    return tuple(replace(line, hashes=()) for line in gathered.requirements)


def _index(index: IndexSettings) -> IndexSettings:
    return replace(index, index_url=None, extra_index_urls=()) if index.no_index else index


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
