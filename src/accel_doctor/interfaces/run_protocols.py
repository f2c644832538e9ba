"""The sockets of a run: advice on needs, logs, and what the user is told and asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from accel_doctor.interfaces.machine_protocols import PackageManager, Prober
    from accel_doctor.model.builds import Amount, Outcome, Source
    from accel_doctor.model.cures import BuildCure, Reason
    from accel_doctor.model.needs import Need
    from accel_doctor.model.plans import Case, Consent, Plan, Simulation


class Adviser(Protocol):
    """Turn needs into plans, for one distribution and one interpreter."""

    def plan(self, reasons: Sequence[Reason], helps: Callable[[BuildCure], bool] | None = None) -> Plan:
        """Return the plan that cures these needs; of a need's build cures the first that ``helps`` admits."""

    def known_needs(self, package: str) -> tuple[Need, ...]:
        """Return the needs that rules list for a Python package's build; empty if none are known."""

    def installed_for(self, package: str) -> tuple[str, ...]:
        """Return the installed system packages that meet the needs that rules list for a Python package's build."""

    def companions(self, need: Need) -> tuple[Need, ...]:
        """Return the needs that a Python build lacking ``need`` is certain to report next."""

    def is_sdist_only(self, package: str) -> bool:
        """Return whether, by the rules, a Python package has no Linux wheels and must be built."""


class Advisers(Protocol):
    """Advisers for builds, by target Python version (``3.13``); None means the interpreter of the run."""

    @property
    def package_manager(self) -> PackageManager:
        """Return this machine's package manager."""

    def adviser(self, python: str | None) -> Adviser:
        """Return the adviser for builds that target this Python version."""

    def prober(self, python: str | None) -> Prober:
        """Return the prober for builds that target this Python version."""

    def forget(self) -> None:
        """Discard the cached answers of all probers, because packages were installed."""


class Logs(Protocol):
    """Names for the logs of a run."""

    def new_log(self, step: str, name: str) -> Path:
        """Return the path for the log of one attempt (``"build", "psycopg2"``); the file does not exist yet."""


class Notifier(Protocol):
    """Tell the user."""

    def step(self, text: str) -> None:
        """Announce a stage of the run."""

    def note(self, text: str) -> None:
        """Print a one-line note."""


class Stoppable(Notifier, Protocol):
    """Tell the user, until the run is interrupted."""

    def stopping(self) -> None:
        """Say so at once; of what still runs nothing more is reported."""


class Audience(Protocol):
    """Hear what a frontend or a package manager says while it runs; its text goes to a log."""

    def hear(self, line: str) -> None:
        """Take a line of it."""

    def asked(self) -> None:
        """Make way on the screen: what was said last is shown, since it waits for an answer."""

    def answered(self) -> None:
        """Go on: an answer was typed."""

    def interrupted(self) -> None:
        """Tell the user that Ctrl-C was heard, and that the package manager decides what becomes of it."""


class Progress(Notifier, Protocol):
    """Tell the user, and show the progress of a long operation."""

    def show(self, what: str, done: int, total: int) -> None:
        """Show that ``done`` of ``total`` are done."""


class Reporter(Notifier, Protocol):
    """Report builds and plans to the user. The reporter decides on the presentation."""

    def builds(self, sources: Sequence[Source]) -> None:
        """Announce builds, which begin when others have ended."""

    def metadata_started(self, source: Source) -> None:
        """Report that the metadata of a source are built, with phases and progress as of a build."""

    def metadata_finished(self, source: Source) -> None:
        """Report that this ended, well or not."""

    def build_started(self, source: Source) -> None:
        """Report that a build started."""

    def build_phase(self, source: Source, phase: str) -> None:
        """Report that a build entered a phase ("build requirements", "metadata", "compile")."""

    def build_progress(self, source: Source, amount: Amount) -> None:
        """Report how far a build is in its phase."""

    def build_finished(self, source: Source, outcome: Outcome) -> None:
        """Report the outcome of a build."""

    def diagnosed(self, case: Case) -> None:
        """Report the cause of a failure."""

    def plan(self, plan: Plan, simulation: Simulation | None) -> None:
        """Show a plan, before asking for consent."""

    def ask(self, plan: Plan) -> Consent | Plan:
        """Ask for consent to the plan just shown, once per round. A plan as the answer has other packages: show it and
        ask again."""
