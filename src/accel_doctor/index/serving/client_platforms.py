"""Read the distribution of a client, which pip and uv tell in their User-Agent header (linehaul's JSON). Pure."""

from __future__ import annotations

import json

from accel_doctor.index.serving.built import is_platform

_LONGEST = 4096
# NAME of os-release(5), which is what clients tell -> ID, which is what builds are recorded under.
_IDS = {
    "AlmaLinux": "almalinux",
    "Alpine Linux": "alpine",
    "Debian GNU/Linux": "debian",
    "Fedora Linux": "fedora",
    "Linux Mint": "linuxmint",
    "openSUSE Leap": "opensuse-leap",
    "Rocky Linux": "rocky",
    "Ubuntu": "ubuntu",
}
# They write lock files that other machines install from.
_LOCKING = {"add", "export", "lock", "remove", "run", "sync", "tree", "version"}


def client_platform(user_agent: str) -> str | None:
    """Return the build platform of a client that installs for itself: ``debian-13``; None if it does not tell."""
    if len(user_agent) > _LONGEST:
        return None
    try:
        told = json.loads(user_agent.partition(" ")[2])
        distribution, command = told["distro"], told["installer"].get("subcommand") or [""]
        if command[0] in _LOCKING:
            return None
        platform = f"{_IDS[distribution['name']]}-{distribution['version']}"
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        return None
    return platform if is_platform(platform) else None
