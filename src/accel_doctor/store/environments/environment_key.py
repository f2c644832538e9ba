"""Which stored environment is the right one. Pure.

A key is the SHA-256 of what is documented here, as JSON with sorted keys (``docs/reference/env.md``):

- the files that say what is installed: the SHA-256 of each by its path, relative to the configuration's directory;
- the interpreter: implementation, feature version, SOABI, cache tag, debug and free-threaded builds;
- the platform, and the C library with its version;
- the distribution and its release, to whose libraries extension modules bind;
- settings that change what is installed: the arguments of ``install``, and the environment variables of builds.

It does not cover where the environment is: one stored environment serves every path.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

KEY_VERSION = 1


def environment_facts(
    files: Mapping[str, str],
    machine: Mapping[str, Any],
    arguments: Sequence[str] = (),
    variables: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """What a key is made of; ``files`` are SHA-256 by path, ``machine`` is from :func:`machine_facts`."""
    return {
        "key-version": KEY_VERSION,
        "files": dict(sorted(files.items())),
        "machine": dict(machine),
        "arguments": list(arguments),
        # Their values can hold secrets, and facts are shown and shared.
        "variables": {
            name: hashlib.sha256(value.encode("utf-8", "surrogateescape")).hexdigest()
            for name, value in (variables or {}).items()
        },
    }


def environment_key(facts: Mapping[str, Any]) -> str:
    """The name of an environment with these facts."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def likeness(one: Mapping[str, Any], other: Mapping[str, Any]) -> int:
    """How much of ``one`` can be expected in ``other``: 0 where it cannot run here, else 1 and the equal files."""
    if one.get("machine") != other.get("machine"):
        return 0
    mine: Mapping[str, str] = one.get("files", {})
    theirs: Mapping[str, str] = other.get("files", {})
    return 1 + sum(theirs.get(path) == digest for path, digest in mine.items())
