"""``accel-doctor why``: which package provides something, how that is known, what else was considered."""

from __future__ import annotations

from dataclasses import dataclass

from accel_doctor.cli.options import PlaceOptions, RulesOptions, argument, as_command, distro_option, show, text_or_json
from accel_doctor.cli.session import Session, started
from accel_doctor.errors import ExitCode
from accel_doctor.fileindex import rank
from accel_doctor.fileindex.paths import need_of
from accel_doctor.model.cures import Reason
from accel_doctor.report.provider_report import ProviderAnswer, provider_document, provider_lines


@dataclass(frozen=True)
class WhyOptions(RulesOptions):
    wanted: str = argument("NEED|FILE", default="", required=True)
    distro: str | None = distro_option()
    form: str = text_or_json()


@as_command("why", WhyOptions, ignore_unknown_options=True)  # so that -lpq is a FILE
def command(options: WhyOptions) -> int:
    """Show which package provides something, how that is known, and what else was considered.

    NEED is written kind:name, as in header:libpq-fe.h or command:pg_config. The name of a FILE tells its kind:
    libpq-fe.h, libpq.so, -lpq, libpq.pc, FooConfig.cmake, /usr/bin/pg_config.
    """
    need = need_of(options.wanted)
    session = Session(started(), PlaceOptions(rules=options.rules), distro=options.distro)
    index = session.indexes.own or session.indexes.nearest
    adviser = session.adviser(session.assumed_interpreter())
    choice = adviser.choice(need)
    answer = ProviderAnswer(
        need,
        session.distribution,
        choice,
        advice=choice.advice if choice else adviser.plan([Reason(need, None)]).unmet[0].advice,
        indexed=rank(need, index) if index else None,
        told=adviser.told.get(need),
    )
    show(options.form, provider_document(answer), provider_lines(answer))
    return ExitCode.DONE if choice and choice.packages else ExitCode.UNCURED
