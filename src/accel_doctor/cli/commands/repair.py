"""``accel-doctor repair``."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import click
from packaging.pylock import Pylock

from accel_doctor.cli.assembly import assembled_doctor
from accel_doctor.cli.commands.install import conclude, usable_cores
from accel_doctor.cli.options import (
    ConfiguredCommand,
    ConsentOptions,
    FrontendOptions,
    PlaceOptions,
    TargetOptions,
    as_command,
    own,
)
from accel_doctor.cli.pip_line import prepare
from accel_doctor.cli.sandbox_options import SandboxOptions
from accel_doctor.cli.session import Session, started
from accel_doctor.cli.terminal.interrupts import interruption_told
from accel_doctor.doctor import Doctor
from accel_doctor.errors import ExitCode, UsageError
from accel_doctor.frontends.checking import broken_requirements
from accel_doctor.frontends.remembered import installed_metadata
from accel_doctor.model.builds import Locked
from accel_doctor.model.cures import Reason
from accel_doctor.model.machine import Invocation
from accel_doctor.model.plans import Result, Verification
from accel_doctor.model.requests import InstallRequest, RequirementLine
from accel_doctor.requirements.pip_option_table import ParsedArguments
from accel_doctor.system.loader.installed_links import installed_links
from accel_doctor.system.python.interpreter import refuse_externally_managed
from accel_doctor.system.python.revival import has_lost_its_interpreter, releases_in, revive
from accel_doctor.system.python.target import NoEnvironmentError
from accel_doctor.treatment import TreatmentEnded
from accel_doctor.verification import Verifier, distribution_of
from accel_doctor.wording import count

_LINKED = "its extension modules link it, and it is not installed"


@dataclass(frozen=True)
class RepairOptions:
    consent: ConsentOptions = ConsentOptions()
    dry_run: bool = own("--dry-run", default=False, help="Print what is broken and the plan; change nothing.")
    target: TargetOptions = TargetOptions()
    frontend: FrontendOptions = FrontendOptions()
    sandbox: SandboxOptions = SandboxOptions()
    place: PlaceOptions = PlaceOptions()


@as_command("repair", RepairOptions, cls=ConfiguredCommand)
def command(options: RepairOptions) -> int:
    """Find what is broken in an environment, and repair it.

    Looks at its interpreter, the requirements of what is installed, the libraries that extension modules link, and
    whether everything can be imported. Offers missing packages as install does, and builds again what links to
    libraries that are gone.
    """
    began = time.monotonic()
    invocation = started()
    session = Session(invocation, options.place, python=options.target.python, isolation=options.sandbox.isolation)
    _revive(session, invocation, options.target.python)
    try:
        prefix = session.interpreter.prefix
    except NoEnvironmentError as error:
        raise UsageError("there is no virtual environment to repair", hint="name one with --python") from error
    # pip's configuration is read with a requirement, as for install
    arguments = ParsedArguments(requirements=("pip",), offline=options.frontend.offline)
    frontend, request = prepare(session, arguments, options.frontend)
    request = replace(request, requirements=())
    refuse_externally_managed(session.interpreter, request)
    policy = replace(options.consent.policy(dry_run=options.dry_run), verification=Verification.NOTHING)
    with (
        session.interrupts.watched(),
        closing(session.reporter),
        assembled_doctor(session, frontend, policy, usable_cores()) as doctor,
        interruption_told(session.reporter, doctor.treatment.transactions, session.logs),
    ):
        repair = Repair(session, doctor, request)
        result = repair.run()
        in_the_way = session.obstacle if result.code is ExitCode.PRIVILEGE else None
    if result.code is ExitCode.DONE and not options.dry_run:
        seconds = time.monotonic() - began
        what = f"repaired {count(repair.found, 'problem')}" if repair.found else "nothing to repair"
        session.reporter.summary(f"{what} in {prefix}, {seconds:.1f} s")
    else:
        conclude(result, session, policy, str(prefix), time.monotonic() - began, in_the_way, told=False)
    session.logs.forget_old()
    return int(result.code)


def _revive(session: Session, invocation: Invocation, python: str | None) -> None:
    """Give the environment an interpreter again if its own is gone."""
    environment = _environment(invocation, python)
    if environment and has_lost_its_interpreter(environment):
        try:
            other = revive(environment, session.runner, invocation.variables)
        except UsageError:
            click.echo("\n".join(releases_in(environment)))
            raise
        session.reporter.note(f"{environment}: its interpreter was gone: linked to {other}")


def _environment(invocation: Invocation, python: str | None) -> Path | None:
    named = python or invocation.variables.get("VIRTUAL_ENV") or ".venv"
    directory = Path(invocation.absolute(named))
    return directory if directory.is_dir() else None


@dataclass
class Repair:
    """One repair: what is found is told, and treated by the ``doctor``."""

    session: Session
    doctor: Doctor
    request: InstallRequest
    found: int = 0
    _again: dict[str, str] = field(default_factory=dict)  # releases to build again, by name

    def run(self) -> Result:
        """Look and repair, until all is well or something cannot be repaired."""
        self.session.reporter.step(f"Checking {self.session.interpreter.prefix}")
        for look in (self._requirements, self._links, self._imports):
            try:
                result = look()
            except TreatmentEnded as ended:
                return self.doctor.result(ended.code, ended.cases, ended.plan)
            if result is not None and result.code is not ExitCode.DONE:
                return result
        return self.doctor.result(ExitCode.DONE)

    def _requirements(self) -> Result | None:
        variables = self.session.invocation.variables
        broken = broken_requirements(self.session.runner, self.session.interpreter, variables)
        self._tell([str(one) for one in broken])
        lines = tuple(RequirementLine(one.requirement, f"required by {one.name}", name=None) for one in broken)
        return self.doctor.install(replace(self.request, requirements=lines)) if lines else None

    def _links(self) -> Result | None:
        """Install libraries that are gone, and build again what links to those that no package provides."""
        treatment, reasons = self.doctor.treatment, []
        for linking in installed_links(self.session.interpreter.site_directories):
            unmet = self.doctor.loader.unmet(linking.links)
            name = distribution_of(linking.metadata)
            self._tell([f"{name} links a library: {one}" for one in unmet])
            missing = [Reason(one.need, name, why=_LINKED) for one in unmet if one.need]
            curable = treatment.curable(missing)
            reasons += curable
            if len(curable) < len(unmet) and linking.built_here:
                self._again[name] = _release(linking.metadata)
        if reasons:
            treatment.treat((), reasons)
            self.doctor.loader.forget()
        if not self._again:
            return None
        lines = tuple(RequirementLine(text, "repair", name=name) for name, text in self._again.items())
        again = replace(self.request, requirements=lines, no_binary=tuple(self._again), reinstall=True, no_deps=True)
        return self.doctor.install(again)

    def _imports(self) -> None:
        directories = self.session.interpreter.site_directories
        names = [distribution_of(name) for name in installed_metadata(directories) if name.endswith(".dist-info")]
        locked = Locked(Pylock.from_dict(_NOTHING), present=tuple(dict.fromkeys(names)))
        doctor, before = self.doctor, len(self.doctor.treatment.transactions)
        policy = replace(doctor.treatment.policy, verification=Verification.EVERYTHING)
        doctor.treatment.policy = policy
        Verifier(doctor.environment, doctor.builder, doctor.treatment, {}, _MadeByNobody()).verify(
            locked, self.request, None
        )
        self.found += len(doctor.treatment.transactions) - before

    def _tell(self, problems: Sequence[str]) -> None:
        for problem in problems:
            self.session.reporter.note(problem)
        self.found += len(problems)


class _MadeByNobody:
    """Make no wheels anew: what is repaired was not built by this run."""

    def build_again(self, names: Sequence[str], locked: Locked, request: InstallRequest) -> None:
        return None

    def fall_back(self, names: Sequence[str], locked: Locked, request: InstallRequest) -> list[str]:
        return []


_NOTHING = {"lock-version": "1.0", "created-by": "accel-doctor", "packages": []}


def _release(metadata: str) -> str:
    name, _, version = metadata.removesuffix(".dist-info").rpartition("-")
    return f"{name.replace('_', '-')}=={version}"
