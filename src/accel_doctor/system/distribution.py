"""Which distribution this machine runs."""

from __future__ import annotations

from pathlib import Path

from accel_doctor.model import Distribution


def read_distribution(root: Path = Path("/")) -> Distribution:
    """The distribution that ``root`` holds, from its os-release file (os-release(5)).

    The id is os-release's own (``ol``, ``opensuse-leap``), not one that a library renamed; ``unknown`` where
    there is no such file: every distribution since 2012 has it. ``version`` is empty for rolling releases and for
    Debian testing and unstable, which carry no VERSION_ID.
    """
    import distro

    # lsb_release and uname would start processes, and would describe the running system instead of ``root``.
    found = distro.LinuxDistribution(include_lsb=False, include_uname=False, root_dir=str(root))
    attribute = found.os_release_attr
    return Distribution(
        id=attribute("id").lower() or "unknown",
        version=attribute("version_id"),
        # Linux Mint and others have codenames of their own, and say beside them which release they are made from.
        codename=attribute("ubuntu_codename") or attribute("debian_codename") or attribute("version_codename"),
        like=tuple(attribute("id_like").lower().split()),
        pretty_name=attribute("pretty_name"),
    )
