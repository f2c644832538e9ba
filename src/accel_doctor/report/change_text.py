"""Tell in lines of text what a run changed in an environment. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from accel_doctor.model.builds import Change, Provision
from accel_doctor.model.plans import Result
from accel_doctor.wording import count, printable


def change_lines(changes: Sequence[Change], *, rehearsed: bool) -> list[str]:
    """Return a line for each distribution: ``+ flask 3.1.0``, ``~ numpy 2.3 → 2.4``, ``- six 1.17.0``."""
    notes = {
        Provision.FETCHED: "",
        Provision.STORED: " (from the wheel store)",
        Provision.BUILT: " (to be built)" if rehearsed else " (built here)",
    }
    return [printable(f" {_changed(one)}{notes[one.provision]}") for one in changes]


def _changed(one: Change) -> str:
    if one.after is None:
        return f"- {one.name} {one.before}"
    if one.before is None:
        return f"+ {one.name} {one.after}".rstrip()
    return f"~ {one.name} {one.before}" + ("" if one.after == one.before else f" → {one.after}")


def summary_line(result: Result, where: str, seconds: float) -> str:
    """Return the last line of a successful run."""
    number = len(result.locked.lock.packages) if result.locked else 0
    if not number:
        return f"nothing to do: everything is already installed in {where}, {seconds:.1f} s"
    built = sum(1 for one in result.built if not one.reused)
    parts = [f"{built} built here"] if built else []
    parts += [f"{len(result.built) - built} from the wheel store"] if len(result.built) > built else []
    detail = f" ({', '.join(parts)})" if parts else ""
    return f"installed {count(number, 'package')}{detail} into {where}, {seconds:.1f} s"


def rehearsal_line(result: Result, where: str) -> str:
    """Return the last line of a dry run: how much it would install, build and download."""
    from rich.filesize import decimal

    if result.locked is None:
        return "what would be installed is known only when the requirements can be resolved"
    news = [one for one in result.changes if one.after is not None]
    if not news:
        return f"would install nothing: everything is already installed in {where}"
    built = sum(1 for one in news if one.provision is Provision.BUILT)
    sizes = [one.size for one in news if one.size is not None and one.provision is not Provision.STORED]
    parts = [f"{built} to be built"] if built else []
    parts += [f"{len(sizes)} to download"] if sizes else []
    parts += [f"at most {decimal(sum(sizes))}"] if sizes and all(sizes) else []
    detail = f" ({', '.join(parts)})" if parts else ""
    return f"would install {count(len(news), 'package')}{detail} into {where}"


def collected_lines(names: Sequence[str], built: Mapping[str, bool]) -> list[str]:
    """Return a line for each file that was put into a directory; ``built`` says of wheels that were built whether they
    come from the store."""
    notes = {None: "", True: " (from the wheel store)", False: " (built here)"}
    return [printable(f" + {name}{notes[built.get(name)]}") for name in sorted(names)]


def collected_line(number: int, built: Mapping[str, bool], where: str, seconds: float) -> str:
    """Return the last line of a run that put files into a directory."""
    here = sum(1 for reused in built.values() if not reused)
    parts = [f"{here} built here"] if here else []
    parts += [f"{len(built) - here} from the wheel store"] if len(built) > here else []
    detail = f" ({', '.join(parts)})" if parts else ""
    return f"{count(number, 'file')}{detail} in {where}, {seconds:.1f} s"
