"""Clean log lines: remove colors, time stamps and the margins that tools around the compiler add."""

from __future__ import annotations

import re
from collections.abc import Sequence

from accel_doctor.diagnosis.translations import in_english

MAXIMUM_LENGTH = 4096  # characters of a line that are read; compiler command lines are the longest real ones

_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\n]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_ESCAPE_BYTES = re.compile(_ESCAPE.pattern.encode())
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff]")
_TIME = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?"
# Prefixes that services and wrappers add to each line, by a cheap test for lines that have them.
_STAMP = re.compile(
    "|".join(
        (
            r"#\d+ (?:\d+\.\d+ )?",  # docker buildx --progress=plain
            r"\d+\.\d{3} ",  # its summary of the step that failed
            rf"{_TIME} (?:\d\d[OE][ +]|[!>] )?",  # GitHub Actions, Azure; GitLab adds the stream, OctoPrint a mark
            rf"\[{_TIME}\] ",  # Jenkins
            r"##\[(?:error|warning|debug)\]",  # GitHub Actions' log commands
            r"\[\d\d:\d\d:\d\d(?:\.\d{1,3})?\] ",  # AppVeyor, Vercel
            r"\d{1,2}:\d\d:\d\d [AP]M: ",  # Netlify
            r"\[(?:DEBUG|INFO|WARN|WARNING|ERROR)\]:? ",  # AWS Amplify, Maven
            r"\[(?:pipenv\.exceptions\.)?InstallError\]: ",  # pipenv
        )
    )
)
_STAMP_START = frozenset("#[0123456789")
_LABELS = ("pdm.", "remote: ", "Step #", "npm e", "npm E")
_LABEL = re.compile(
    "|".join(
        (
            r"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \S+ [^\s:\[]{1,64}(?:\[\d+\])?: ",  # journalctl, syslog
            r"\S+ [A-Za-z0-9_.@-]{1,64}\[\d+\]: ",  # journalctl -o short-iso, time already removed
            r"[A-Za-z][A-Za-z0-9_.-]{0,63} +\| ",  # docker compose
            r"(?:nox|[A-Za-z][A-Za-z0-9_.+-]{0,63})> ",  # nox, nix
            r"pdm\.termui: ",  # PDM's logger
            r"remote: ",  # git, for Heroku's output during a push
            r"npm (?:error|ERR!) ",  # npm, for the output of install scripts
            r'Step #\d{1,3}(?: - "[^"]{0,80}")?: ',  # Google Cloud Build
        )
    )
)
_JOB_AND_STEP = re.compile(r"[^\t]{1,120}\t[^\t]{1,120}\t\ufeff?(?=\d{4}-\d\d-\d\dT)")  # gh run view --log
_STAMPS = 4  # of one line
# pip's and uv's frames ("  │ ", "╰─> ", "├─▶ "), conda-build's and rattler-build's, rustc's notes ("  = note: "),
# poetry's margin ("    | ").
_FRAME = re.compile(r"= (?:note|help): |\|(?: |$)|[│├╰╭\u00d7]?[─▶>╯╮]*[│]?")
_FRAME_START = frozenset("│├╰╭|\u00d7=")
_FRAMES = 8
_PRINTED_BYTES = 65536  # characters of a printed bytes object that are parsed
_BYTES_ESCAPE = re.compile(rb"\\(x[0-9a-f]{2}|.)", re.DOTALL)


def clean(line: str) -> str:
    """Return the line without escapes, carriage-return overprinting, control characters, time stamps and frames.

    Keep indentation, which marks CMake's wrapped lines.
    """
    line = line.rstrip("\r\n")[: 2 * MAXIMUM_LENGTH]
    if "\x1b" in line:
        line = _ESCAPE.sub("", line)
    if "\r" in line:  # the text visible after overprinting
        line = line.rpartition("\r")[2]
    line = line[:MAXIMUM_LENGTH]
    if not line.isprintable():
        line = _CONTROL.sub("", _JOB_AND_STEP.sub("", line, count=1).expandtabs(8))
    return in_english(_unframed(_unstamped(line)).rstrip())


def without_escapes(block: bytes) -> bytes:
    """Return whole lines of a log without terminal escapes, which would interrupt the strings searched for."""
    return _ESCAPE_BYTES.sub(b"", block) if b"\x1b" in block else block


def _unstamped(line: str) -> str:
    for _ in range(_STAMPS):
        if line[:1] in _STAMP_START:
            stamp = _STAMP.match(line)
        elif line.startswith(_LABELS) or "| " in line or "> " in line or "]: " in line or _is_dated(line):
            stamp = _LABEL.match(line)
        else:
            break
        if stamp is None:
            break
        line = line[stamp.end() :]
    return line


def _is_dated(line: str) -> bool:
    """Return whether the line may begin like a syslog line: Jan 31 12:00:00."""
    return line[12:13] == ":" and line[3:4] == " "


def _unframed(line: str) -> str:
    for _ in range(_FRAMES):
        text = line.lstrip()
        if not text or text[0] not in _FRAME_START:
            break
        frame = _FRAME.match(text)
        if frame is None or not frame.end():
            break
        line = " " * (len(line) - len(text) + frame.end()) + text[frame.end() :]
    return line


def printed_lines(raw: str) -> Sequence[str]:
    """Return the line itself, or the lines of a program's output that a setup.py printed as a bytes object."""
    if "\\n" in raw and len(raw) <= _PRINTED_BYTES:
        text = _unframed(_unstamped(_JOB_AND_STEP.sub("", raw.strip(), count=1))).strip()
        if text[:2] in ("b'", 'b"') and text[-1] == text[1]:
            value = _BYTES_ESCAPE.sub(_unescaped, text[2:-1].encode("latin-1", "replace"))
            return value.decode("utf-8", "replace").splitlines()
    return (raw,)


def _unescaped(found: re.Match[bytes]) -> bytes:
    escape = found[1]
    if len(escape) == 3:
        return bytes([int(escape[1:], 16)])
    return {b"n": b"\n", b"r": b"\r", b"t": b"\t"}.get(escape, escape)
