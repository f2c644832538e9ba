"""Files that contain the path of their environment: stored without it, rewritten for their new place. Pure.

Files from wheels cannot know the path. So inside ``site-packages`` only what installers write is checked: ``.pth``
and ``.egg-link`` files, finders of editable installs, ``direct_url.json``. Outside it, every text file: scripts,
``activate*``, ``pyvenv.cfg``, kernels of Jupyter, ``etc/``, ``share/``.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from urllib.parse import quote

from accel_doctor.model.stored_environments import Place

LARGEST = 1 << 20  # bytes; what installers write is far smaller
CONFIGURATION = "pyvenv.cfg"

TEXT_ROOT = "@accel-doctor:root@"
ROOT = TEXT_ROOT.encode()
INTERPRETER = "@accel-doctor:interpreter@"  # the target of symlinks that point to it
_WORD = b"@accel-doctor:root-as-one-word@"
_URL = b"@accel-doctor:root-in-a-url@"

_SITE = re.compile(r"lib(?:64)?/[^/]+/site-packages/(?P<inside>.+)")
_WRITTEN_BY_INSTALLERS = re.compile(
    r"[^/]+\.(pth|egg-link)|__editable__[^/]*\.py|__editables?_[^/]*\.py|[^/]+\.dist-info/direct_url\.json"
)
# Linux before 5.1 cut the first line after 127 bytes: execve(2), "Interpreter scripts".
_LONGEST_FIRST_LINE = 127

# What pip (distlib) and uv write if that line would be too long or the path has a space: a script valid in both sh and
# Python.
_SHELL_FORM = re.compile(
    rb"#!/bin/sh\n'''exec' (?P<word>\"[^\"\n]*\"|(?:'[^'\n]*'|\"'\")+|[^\s'\"]+)(?P<arguments>[^\"\n]*)"
    rb" \"\$0\" \"\$@\"\n' '''\n"
)


def may_name_the_root(path: str) -> bool:
    """Return whether a file at this path may contain the environment's root."""
    inside = _SITE.fullmatch(path)
    return not inside or _WRITTEN_BY_INSTALLERS.fullmatch(inside["inside"]) is not None


def without_place(path: str, content: bytes, root: str) -> bytes | None:
    """Return the file with ``root`` taken out; None if it does not contain it."""
    if path == CONFIGURATION:
        return _replaced(content, root)
    if len(content) > LARGEST or b"\0" in content or not may_name_the_root(path):
        return None
    if _in_scripts(path) and (shell := _SHELL_FORM.match(content)):
        interpreter = _unquoted(shell["word"].decode("utf-8", "surrogateescape"))
        if interpreter.startswith(f"{root}/"):
            first = b"#!" + _bytes(interpreter) + shell["arguments"] + b"\n"
            content = first + content[shell.end() :]
    changed = content
    if _as_word(path, root):
        for word in (shlex.quote(root), f"'{root}'", f'"{root}"'):
            if word != root:
                changed = changed.replace(_bytes(word), _WORD)
        # bare, between blanks, after = or in $(...)
        changed = re.sub(rb"(?<=[=\s])" + re.escape(_bytes(root)) + rb"(?=[\s);]|$)", _WORD, changed)
    if path.endswith(".json"):
        changed = changed.replace(b"file://" + _bytes(quote(root)), b"file://" + _URL)
        changed = _replaced(changed, _json_text(root))
    changed = _replaced(changed, root)
    return changed if changed != content else None


def for_place(path: str, content: bytes, place: Place) -> bytes:
    """Return the file rewritten for ``place``."""
    root = _bytes(place.root)
    if path == CONFIGURATION:
        return _configuration(content.replace(ROOT, root), place)
    if _in_scripts(path):
        content = _with_first_line(content, place.root)
    if word := _as_word(path, place.root):
        content = content.replace(_WORD, _bytes(word))
    if path.endswith(".json"):
        content = content.replace(ROOT, _bytes(_json_text(place.root)))
        return content.replace(_URL, _bytes(quote(place.root)))
    if path.endswith(".py"):
        return content.replace(ROOT, re.sub(rb"(?=[\\'\"])", rb"\\", root))
    return content.replace(ROOT, root)


def _replaced(content: bytes, root: str) -> bytes:
    # /venv is neither part of /home/me/venv nor of /venv-old; it is what file:///venv means.
    before = rb"(?:(?<=file://)|(?<![\w.~/})-]))"
    return re.sub(before + re.escape(_bytes(root)) + rb"(?![\w.~-])", ROOT, content)


def _with_first_line(content: bytes, root: str) -> bytes:
    if not content.startswith(b"#!" + ROOT):
        return content
    line, _, rest = content.partition(b"\n")
    command, _, arguments = line[2:].partition(b" ")
    interpreter = command.replace(ROOT, _bytes(root))
    given = b" " + arguments if arguments else b""
    plain = b"#!" + interpreter + given
    if b" " not in interpreter and len(plain) <= _LONGEST_FIRST_LINE:
        return plain + b"\n" + rest
    word = _bytes(shlex.quote(interpreter.decode("utf-8", "surrogateescape")))
    return b"#!/bin/sh\n'''exec' " + word + given + b' "$0" "$@"\n' + b"' '''\n" + rest


def _configuration(content: bytes, place: Place) -> bytes:
    """Return ``pyvenv.cfg`` (PEP 405) with the interpreter's path and version."""
    values = {
        "home": place.home,
        "executable": place.executable,
        "version": place.version,
        "version_info": place.version,
        "base-executable": place.executable,
        "command": f"{place.executable} -m venv {place.root}",
    }
    lines = []
    for line in content.splitlines():
        key = line.partition(b"=")[0].strip().decode("utf-8", "replace")
        lines.append(_bytes(f"{key} = {values[key]}") if key in values else line)
    return b"\n".join(lines) + b"\n"


def _in_scripts(path: str) -> bool:
    return path.startswith("bin/") and path.count("/") == 1


# How activate scripts quote, by suffix: the quotation mark, and the escapes of characters between two of them.
_QUOTING: Mapping[str, tuple[str, dict[str, str | int | None]]] = {
    "": ("'", {"'": "'\"'\"'"}),
    "csh": ("'", {"'": "'\"'\"'", "!": "\\!"}),  # history is expanded even there: csh(1)
    "fish": ("'", {"\\": "\\\\", "'": "\\'"}),
    "nu": ('"', {"\\": "\\\\", '"': '\\"'}),
    "ps1": ("'", {"'": "''"}),
}


def _as_word(path: str, text: str) -> str | None:
    """Return ``text`` quoted as in the ``activate`` script at ``path``; None for any other file."""
    name = path.rpartition("/")[2]
    suffix = name.partition(".")[2]
    if not _in_scripts(path) or not name.startswith("activate") or suffix not in {*_QUOTING, "xsh"}:
        return None
    if suffix == "xsh":
        return repr(text)
    mark, escapes = _QUOTING[suffix]
    return f"{mark}{text.translate(str.maketrans(escapes))}{mark}"


def _unquoted(word: str) -> str:
    try:
        return "".join(shlex.split(word))
    except ValueError:
        return word


def _json_text(text: str) -> str:
    return json.dumps(text)[1:-1]


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
