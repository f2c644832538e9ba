"""Judge failed imports: which mean that a distribution does not work, and which shared libraries it asked for.

Pure: what the target interpreter reported in, words out. The reports come from installed code, which may be hostile.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from packaging.utils import canonicalize_name

_MOST_LIBRARIES = 40
_LONGEST = 4000

# Frameworks, windowing systems and services that want settings which an import on its own does not give them.
_WANTS_SETTINGS = re.compile(
    r"\$?\bDISPLAY\b|\b(?:connect to|open) (?:the )?(?:X )?display\b|\bno display\b|\bXDG_RUNTIME_DIR\b"
    r"|[Ee]nvironment variable .*(?:\bset\b|\bmissing\b|\bdefined\b|\brequired\b|\bnot found\b)"
    r"|\b[Cc]redentials?\b|\b(?:API|api)[ _-]?(?:key|token)\b|\bshould be imported before\b"
)
_SETTING_ERRORS = re.compile(
    r"ImproperlyConfigured|NotImplementedError|\w*(?:Display|Credentials|Configuration|Config)\w*(?:Error|Exception)"
)
# Imports are tried without a network.
_OF_THE_NETWORK = re.compile(r"Network is unreachable|Temporary failure in name resolution|Name or service not known")
_STOPPED = ("SystemExit",)
# Files of the kernel's, which a board or a driver has; and an extension that is a plain library for others to open.
_OF_A_DEVICE = re.compile(r"\[Errno \d+\] .*: '/(?:proc|sys|dev)/[^']*'")
_PLAIN_LIBRARY = re.compile(r"dynamic module does not define module export function \(PyInit_lib\w+\)")
_OF_A_LIBRARY = re.compile(r"\.so\b|undefined symbol|cannot import name")
_ABOUT_NAMES = frozenset({"ModuleNotFoundError", "SyntaxError", "AttributeError", "NameError", "TypeError"})

# Our own words in the log of an import; rules/symptoms.yaml reads them.
PYTHON_2 = "error: Python 2 code in"
MODULE = "error: a module that is imported at run time is not installed:"
LIBRARIES = "shared libraries that this import asked for, and did not find:"

_PYTHON_2_SYNTAX = re.compile(
    r"Missing parentheses in call to '(?:print|exec)'|multiple exception types must be parenthesized"
    r"|invalid (?:hexadecimal|octal|decimal) literal|leading zeros in decimal integer literals"
    r"|inconsistent use of tabs|Missing parentheses in call"
)
_PYTHON_2_NAMES = re.compile(
    r"name '(?:unicode|basestring|xrange|raw_input|unichr|long|reduce|file|execfile|reload)' is"
)
_PYTHON_2_MODULES = frozenset({
    "ConfigParser", "StringIO", "cStringIO", "urllib2", "urlparse", "httplib", "cPickle", "Queue", "Tkinter",
    "commands", "exceptions", "__builtin__", "HTMLParser", "SocketServer", "xmlrpclib", "cookielib", "Cookie",
    "htmlentitydefs", "UserDict", "BaseHTTPServer", "SimpleHTTPServer", "md5", "sets",
})  # fmt: skip


class ImportFailure(NamedTuple):
    """One module that could not be imported. ``kinds`` are the names of the exception's classes, its own first."""

    module: str
    kinds: tuple[str, ...]
    message: str = ""
    missing: str | None = None  # the module that an ImportError is about
    variable: bool = False  # a KeyError of os.environ
    libraries: tuple[str, ...] = ()  # asked for by name, and not found
    trace: str = ""  # the traceback without its last line
    inner: bool = False  # a module that its package does not import by itself
    command: str | None = None  # the command whose function it has
    there: bool = False  # ``missing`` would be part of a package that is installed

    @property
    def wants_settings(self) -> bool:
        """Return whether the module only wants what its user configures, a display, a variable, credentials; or a
        device, or the network; or is a plain library, and no module."""
        if self.variable or any(map(_SETTING_ERRORS.fullmatch, self.kinds)):
            return True
        if self.kinds[:1] == _STOPPED:  # a script; one that stops with a sentence lacks something
            return re.fullmatch(r"\s*(?:-?\d+\s*)?", self.message) is not None
        if _OF_A_DEVICE.match(self.message) or _PLAIN_LIBRARY.match(self.message):
            return True
        if _OF_THE_NETWORK.search(self.message):
            return True
        about_names = "ModuleNotFoundError" in self.kinds or self.message.startswith("cannot import name")
        return not about_names and _WANTS_SETTINGS.search(self.message) is not None

    def wants_another(self, modules: Iterable[str]) -> bool:
        """Return whether the module lacks a module that is none of its own distribution's ``modules``, says so in words
        of its own (black's ``blackd``), or is a private one, such as ``_yaml`` of a PyYAML built without libyaml."""
        if self.kinds[:1] == ("ImportError",):
            return not self.libraries and not _OF_A_LIBRARY.search(self.message)
        own = self.missing and any(f"{self.missing}.".startswith(f"{module}.") for module in modules)
        another = self.module.rpartition(".")[2].startswith("_") or (bool(self.missing) and not own)
        return "ModuleNotFoundError" in self.kinds and another

    @property
    def of_python_2(self) -> bool:
        """Return whether its code is Python 2."""
        kind, words = self.kinds[:1], self.message
        return (
            (kind == ("SyntaxError",) and _PYTHON_2_SYNTAX.search(words) is not None)
            or (kind == ("ModuleNotFoundError",) and top_of(self.missing) in _PYTHON_2_MODULES)
            or (kind == ("NameError",) and _PYTHON_2_NAMES.search(words) is not None)
        )

    @property
    def lacks_module(self) -> bool:
        """Return whether it is about a module that is not installed."""
        found = self.kinds[:1] == ("ModuleNotFoundError",) and _BARE.fullmatch(top_of(self.missing)) is not None
        return found and not self.there

    @property
    def asks_for_libraries(self) -> bool:
        """Return whether the libraries that it did not find may be why it failed."""
        if self.message.startswith("cannot import name") or not self.libraries:
            return False
        return "undefined symbol" in self.message or _ABOUT_NAMES.isdisjoint(self.kinds)

    @property
    def lines(self) -> str:
        """Return its part of a log, in whose last lines symptoms are searched."""
        if self.of_python_2:
            return f"{self.trace}{PYTHON_2} {self.module}: {self}\n"
        if self.lacks_module and top_of(self.missing) != top_of(self.module):
            return f"{self.trace}{MODULE} {top_of(self.missing)}\n"
        said = f"{self.kinds[0] if self.kinds else 'error'}: {self.message}".rstrip()
        libraries = ", ".join(libraries_wanted([self]) if self.asks_for_libraries else [])
        return f"{self.trace}{said}\n" + (f"{LIBRARIES} {libraries}\n" if libraries else "")

    def __str__(self) -> str:
        first = self.message.strip().splitlines()[:1]
        return f"{self.kinds[0] if self.kinds else 'error'}{f': {first[0]}' if first else ''}"[:_LONGEST]


def top_of(module: str | None) -> str:
    """Return the top-level package of a module."""
    return (module or "").partition(".")[0]


def read_inner_count(output: str, mark: str) -> int | None:
    """Return how many modules inside of packages the program in the target came to import; None if it imported only
    those that open libraries."""
    for line in reversed(output.splitlines()):
        if found := re.fullmatch(r'\{"inside": (\d{1,4}|null)\}', line.removeprefix(mark)):
            return int(found[1]) if line.startswith(mark) and found[1] != "null" else None
    return None


def read_failures(output: str, mark: str) -> list[ImportFailure]:
    """Return the failures that the program in the target reported after ``mark``; skip malformed ones."""
    failures = []
    for line in output.splitlines():
        if line.startswith(mark):
            try:
                failures.append(_failure(json.loads(line[len(mark) :])))
            except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
                continue
    return failures


def _failure(said: dict[str, Any]) -> ImportFailure:
    missing = said.get("missing")
    return ImportFailure(
        module=str(said["module"])[:_LONGEST],
        kinds=tuple(str(kind) for kind in said["kinds"]),
        message=str(said.get("message", ""))[:_LONGEST],
        missing=str(missing) if missing else None,
        variable=said.get("variable") is True,
        libraries=tuple(str(name) for name in said.get("libraries", ())),
        trace=str(said.get("trace", "")),
        inner=said.get("inner") is True,
        command=str(said["command"]) if said.get("command") else None,
        there=said.get("there") is True,
    )


class Judgment(NamedTuple):
    """The failures that mean that a distribution does not work, and those that are only worth a note."""

    failing: tuple[ImportFailure, ...]
    noted: tuple[ImportFailure, ...]


def judged(name: str, modules: Sequence[str], failures: Sequence[ImportFailure]) -> Judgment:
    """Judge the failed imports among a distribution's top-level ``modules``.

    A module that only wants settings works. One that lacks another distribution's module is only noted if the
    distribution's main module can be imported: some ship modules for optional companions.
    """
    real = [failure for failure in failures if not failure.wants_settings and failure.command is None]
    real = [failure for failure in real if failure.asks_for_libraries or not failure.inner]
    failed = {failure.module for failure in real}
    main = _main_modules(name, modules)
    works = any(module not in failed for module in main)
    noted = [failure for failure in real if works and failure.module not in main and failure.wants_another(modules)]
    return Judgment(tuple(failure for failure in real if failure not in noted), tuple(noted))


def _main_modules(name: str, modules: Sequence[str]) -> list[str]:
    """Return the modules with the distribution's own name (``PyYAML`` has ``yaml``); if none has it, all but those
    whose names begin with another's (``sasstests`` beside ``sass``)."""
    own = canonicalize_name(name).removeprefix("python-").removesuffix("-python")
    names = {own, own.removeprefix("py"), f"py{own}"}
    public = [module for module in modules if "._" not in module]  # google.cloud._storage is not google-cloud-storage
    named = [module for module in public if canonicalize_name(module.replace(".", "-")) in names]
    return named or [one for one in modules if not any(one != other and one.startswith(other) for other in modules)]


# Names for other systems' loaders.
_ELSEWHERE = re.compile(
    r"(?i)(?:cyg|msys).*|.*\.(?:cpython-|abi3).*|.*\.(?:dll|dylib|framework|exe|so\.so)(?:\..*)?|.*[\\ ].*"
    r"|(?:lib)?(?:msvcrt|[a-z]+32|ntdll)"
)
_SONAME = re.compile(r"(?P<stem>lib[A-Za-z0-9_+.-]+?)\.so(?P<version>\.[0-9][0-9.]*)?")
_BARE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_+.-]*")


def libraries_wanted(failures: Iterable[ImportFailure]) -> list[str]:
    """Return the shared libraries that failed imports asked for: ``libvips.so.42``, or ``libmagic`` if the version
    does not matter."""
    bare: dict[str, None] = {}
    versioned: dict[str, list[str]] = {}
    for name in (name.rpartition("/")[2] for failure in failures for name in failure.libraries):
        if _ELSEWHERE.fullmatch(name) or len(name) > 100:
            continue
        if found := _SONAME.fullmatch(name):
            if found["version"]:
                versioned.setdefault(found["stem"], []).append(name)
            else:
                bare[found["stem"]] = None
        elif _BARE.fullmatch(name):
            bare[name if name.startswith("lib") else f"lib{name}"] = None
    several = [stem for stem, names in versioned.items() if len(set(names)) > 1]
    single = {stem: names[0] for stem, names in versioned.items() if stem not in several}
    stems = [stem for stem in dict.fromkeys([*bare, *several]) if stem not in single]
    return [*single.values(), *stems][:_MOST_LIBRARIES]
