"""Read Alpine's ``APKINDEX``: no files, but the capabilities of packages: ``pc:`` (pkg-config), ``cmd:`` (commands)
and ``so:`` (shared libraries). https://wiki.alpinelinux.org/wiki/Apk_spec describes it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from accel_doctor.fileindex.contents import Collection

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]{0,199}")
_CAPABILITY = re.compile(r"(?:(pc|cmd|so):)?([A-Za-z0-9_][A-Za-z0-9._+:-]*)(?:[<>=~].*)?")
_PATHS = {"pc": "usr/lib/pkgconfig/{}.pc", "cmd": "usr/bin/{}", "so": "usr/lib/{}"}


def read_apkindex(lines: Iterable[str], collection: Collection) -> None:
    """Add the capabilities of all packages in an APKINDEX."""
    fields: dict[str, str] = {}
    for line in lines:
        if line.strip():
            key, _, value = line.rstrip("\n").partition(":")
            fields[key] = value
        else:
            _take(fields, collection)
            fields = {}
    _take(fields, collection)


def _take(fields: dict[str, str], collection: Collection) -> None:
    name = fields.get("P", "")
    if not _NAME.fullmatch(name):
        return
    if name.endswith(("-dev", "-static")):
        collection.development.add(name)
    for kind, provided in _capabilities(fields.get("p", "")):
        if kind:
            collection.add(_PATHS[kind].format(provided), (name,))
            collection.provides.setdefault(f"{kind}:{provided}", set()).add(name)
    collection.use({f"{kind}:{wanted}" if kind else wanted for kind, wanted in _capabilities(fields.get("D", ""))})


def _capabilities(text: str) -> list[tuple[str, str]]:
    matches = (_CAPABILITY.fullmatch(word) for word in text.split())
    return [(match[1] or "", match[2]) for match in matches if match]
