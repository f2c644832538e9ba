"""Find the lines of a C or C++ file that are certainly compiled here, as far as the preprocessor's conditions tell."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate
from operator import eq, ge, gt, le, lt, ne
from posixpath import splitext

from accel_doctor.diagnosis.sources.source_tree import Branches, both, either, negated

CPLUSPLUS = frozenset({".cc", ".cpp", ".cxx", ".c++", ".hpp", ".hh", ".hxx"})
_LONGEST_CONDITION = 1000  # characters
_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*|(\"(?:\\.|[^\"\\\n])*\")", re.DOTALL)
_DIRECTIVE = re.compile(r"[ \t]*#[ \t]*(if|ifdef|ifndef|elif|else|endif|define)\b[ \t]*(.*)")
_COMPARISON = re.compile(
    r"(PY_MAJOR_VERSION|PY_MINOR_VERSION|PY_VERSION_HEX)\s*(>=|<=|==|!=|>|<)\s*(0x[0-9A-Fa-f]+|\d+)[uUlL]*"
)
_COMPARED = {">=": ge, "<=": le, "==": eq, "!=": ne, ">": gt, "<": lt}
_DEFINED = frozenset(
    {"__linux__", "__linux", "linux", "__unix__", "__unix", "__GNUC__", "__ELF__", "__gnu_linux__", "NDEBUG"}
)
_UNDEFINED = re.compile(
    r"_?_?WIN(?:32|64|NT|DOWS)?_?_?|_WIN\w*|MS_WIN\w*|_MSC_VER|__APPLE__|__MACH__|__CYGWIN\w*|__MINGW\w*|__(?:Free|Open|Net)BSD__"
    r"|__DragonFly__|__sun\w*|sun|_AIX|__hpux|__ANDROID__|ANDROID|PYPY_VERSION\w*|PYPY|__EMSCRIPTEN__|SWIG\w*|__BORLANDC__"
    r"|__WATCOMC__|__INTEL_COMPILER|__BEOS__|__HAIKU__|__sgi|__osf__|VMS|__VMS|__DJGPP__|(?:__)?MSDOS\w*|(?:__)?OS2\w*|__QNX\w*"
    r"|DOXYGEN\w*|DEBUG|_DEBUG|macintosh|__MVS__|TARGET_OS_\w+|IS_PY2|NO_PYTHON|_WIN32_WCE|__clang_analyzer__|MACOSX|CYTHON_IN_PYPY"
)  # fmt: skip


def certain_lines(
    path: str,
    text: str,
    macros: Sequence[str] = (),
    python: tuple[int, int] | None = None,
    *,
    possible: bool = False,
) -> Iterator[tuple[int, str]]:
    """Yield the number and the text of each line that is certainly compiled, without comments; directives but for
    conditions are among them, on one line. ``macros`` are those that the build defines; with ``possible``, lines of
    which it is not known are yielded too."""
    text = _COMMENT.sub(lambda found: found[1] or "\n" * found[0].count("\n"), text)
    code = _Conditions({*_DEFINED, *macros, *(("__cplusplus",) if splitext(path)[1] in CPLUSPLUS else ())}, python)
    lines = text.split("\n")
    skipped = 0
    for number, line in enumerate(lines, start=1):
        if skipped:
            skipped -= 1
            continue
        if line.lstrip().startswith("#"):
            while line.endswith("\\") and number + skipped < len(lines):
                line = line[:-1] + lines[number + skipped]
                skipped += 1
        directive = _DIRECTIVE.match(line)
        if directive and directive[1] != "define":
            following = lines[number + skipped] if number + skipped < len(lines) else ""
            code.turn(directive[1], directive[2].strip(), following)
        elif code.branches.taken or (possible and code.branches.taken is None):
            if directive and directive[2]:
                code.defined.add(re.split(r"[\s(]", directive[2])[0])
            yield number, line


class _Conditions:
    def __init__(self, defined: set[str], python: tuple[int, int] | None) -> None:
        self.defined = defined
        self.branches = Branches()
        self._python = {
            "PY_MAJOR_VERSION": 3,
            "PY_MINOR_VERSION": python[1] if python else None,
            "PY_VERSION_HEX": 0x03000AF0 | python[1] << 16 if python else None,  # some bug-fix release
        }

    def turn(self, word: str, rest: str, following: str) -> None:
        """Follow a conditional directive; the line after it tells whether it is an include guard."""
        if word == "ifndef" and re.match(rf"[ \t]*#[ \t]*define[ \t]+{re.escape(rest)}\b", following):
            self.branches.begin(True)
        elif word in ("ifdef", "ifndef"):
            known = self._is_defined(rest.split()[0] if rest else "")
            self.branches.begin(known if word == "ifdef" else negated(known))
        elif word == "if":
            self.branches.begin(self._holds(rest))
        elif word == "elif":
            self.branches.turn(self._holds(rest))
        elif word == "else":
            self.branches.turn()
        else:
            self.branches.end()

    def _holds(self, text: str) -> bool | None:
        text = _without_parentheses(text.strip())
        for word, joined in (("||", either), ("&&", both)):
            left, found, right = text.partition(word)
            if found:
                return joined(self._holds(left), self._holds(right)) if left.count("(") == left.count(")") else None
        if text.startswith("!") and not text.startswith("!="):
            return negated(self._holds(text[1:]))
        if asked := re.fullmatch(r"defined\s*\(?\s*(\w+)\s*\)?", text):
            return self._is_defined(asked[1])
        if re.fullmatch(r"\d+", text):
            return text != "0"
        if compared := _COMPARISON.fullmatch(text):
            value = self._python[compared[1]]
            other = int(compared[3], 0) if compared[3].startswith("0x") else int(compared[3])
            if compared[1] == "PY_VERSION_HEX" and value is None:
                value = 0x03080000 if other < 0x03080000 else None
            return None if value is None else bool(_COMPARED[compared[2]](value, other))
        return False if _UNDEFINED.fullmatch(text) else None

    def _is_defined(self, name: str) -> bool | None:
        if name in self.defined:
            return True
        return False if _UNDEFINED.fullmatch(name) or name == "__cplusplus" else None


def _without_parentheses(text: str) -> str:
    """Return a condition without the parentheses around all of it."""
    while text.startswith("(") and len(text) <= _LONGEST_CONDITION:
        depths = accumulate((character == "(") - (character == ")") for character in text)
        end = next((at for at, depth in enumerate(depths) if not depth), None)
        if end != len(text) - 1:
            break
        text = text[1:-1].strip()
    return text
