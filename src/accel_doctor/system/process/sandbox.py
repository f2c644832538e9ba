"""Limit what builds and imports do on this machine: the files they use, the network, the user they run as."""

from __future__ import annotations

import os
import pwd
import re
import stat
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from accel_doctor.errors import UsageError
from accel_doctor.model.processes import Isolation, Rights
from accel_doctor.system.process import sandboxed_process
from accel_doctor.system.process.call_filter import filters_calls
from accel_doctor.system.process.own_mounts import has_own_mounts

# What compilers, interpreters and build tools are made of. Not here: homes, /tmp, /run, /var, /srv, /mnt, /media.
_SYSTEM = (
    "/bin", "/lib", "/lib32", "/lib64", "/libx32", "/nix", "/opt", "/proc", "/sbin", "/snap", "/sys", "/usr",
    "/dev/random", "/dev/urandom", "/var/cache/fontconfig", "/var/lib/texmf",
)  # fmt: skip
_DEVICES = ("/dev/full", "/dev/null", "/dev/zero")
# POSIX semaphores, without which multiprocessing has no locks, are files there.
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 as builds know it
_SETTINGS = Path("/etc")

# Modules are compiled once, scripts each time. Our directory comes last: others' modules are beside it.
_START = (
    "import sys; sys.path.append(sys.argv.pop(1));"
    f" from {sandboxed_process.__name__} import main; sys.exit(main(sys.argv[1:]))"
)
_OURS = str(Path(sandboxed_process.__file__).parents[3])

# Variables that hold secrets by their names, as services document them or as people call them, and those that lead to
# agents and to stores of secrets.
_SECRET = re.compile(
    r"(?i)(?:TOKENS?|SECRETS?|PASSWD|PASSWORDS?|PASSPHRASE|CREDENTIALS?|APIKEYS?|JWT)(?:_|$)"
    r"|(?:^|_)(?:PASS|KEYS?|AUTH|COOKIES?|PAT|DSN|WEBHOOK|CONNECTION_STRING)(?:_|$)|_PWD$"
    r"|^(?:ACCEL_DOCTOR|AWS|AZURE|DBUS|DOCKER|GCLOUD|GOOGLE|GPG|KUBE|NPM_CONFIG|PIP|SSH|TWINE|UV|VAULT|XDG)_"
    r"|^(?:GNUPGHOME|KRB5CCNAME|KUBECONFIG|NETRC|PASSWORD_STORE_DIR|PGPASSFILE|XAUTHORITY)$"
)
# A password in a URL, or, where there is only one word before the host, a token; a private key as it is
_HOLDS_SECRET = re.compile(r"(?i)://[^/@\s]*:[^/@\s]+@|https?://[^/@\s]+@|-----BEGIN [A-Z ]*PRIVATE KEY")
# Caches outside of the build's own directory: a compiler cache that cannot write fails.
_CACHES = frozenset({"CCACHE_DIR", "SCCACHE_DIR"})

# Variables in which people name directories that builds are to read: compilers' flags and paths, roots of software.
_NAMES_FILES = re.compile(r"(?:FLAGS|PATH|_HOME|_ROOT|_DIR|_PREFIX|_CONFIG|_FILE|^CC|^CXX|^LD|^FC)$")
_FILE = re.compile(r"(?:^|[:;=\s\"']|-(?:I|L|B|isystem|idirafter))(/[^:;\s\"']+)")
_IN_PREFIX = ("include", "lib", "lib64", "libexec", "share/cmake", "share/pkgconfig", "plugins", "versions")


@dataclass(frozen=True)
class LandlockSandbox:
    """Implement :class:`accel_doctor.interfaces.Sandbox`: Landlock, a filter on sockets, and, as root, another user."""

    isolation: Isolation
    variables: Mapping[str, str]

    def command(self, argv: Sequence[str], rights: Rights) -> tuple[str, ...]:
        words = () if rights.credentials else tuple(f"without={name}" for name in self._withheld)
        if sys.platform != "linux":
            withheld = () if rights.credentials else self._withheld
            return ("env", *(word for name in withheld for word in ("-u", name)), *argv)
        if self.in_effect and rights.writable is not None:
            words = (*words, *self._limits(rights, rights.writable))
        return (sys.executable, "-I", "-S", "-c", _START, _OURS, *words, "--", *argv)

    def lets_out(self, project: str) -> bool:
        return not self.isolation.networked.isdisjoint({project, ":all:"})

    def tenant(self, needed: Sequence[Path]) -> tuple[int, int] | None:
        if not self.in_effect or self._nobody is None or not all(map(_is_open, needed)):
            return None
        return self._nobody

    @property
    def in_effect(self) -> bool:
        """Return whether processes are limited here."""
        return self.isolation.sandbox != "off" and sys.platform == "linux"

    def check(self) -> None:
        """Raise UsageError if a sandbox is required that this kernel does not offer."""
        if self.isolation.sandbox == "on" and (missing := self.missing):
            raise UsageError(
                f"--sandbox on: this system has no {' and no '.join(missing)}",
                hint="Landlock is in Linux 5.13 and later; --sandbox auto does with what is there",
            )

    @cached_property
    def missing(self) -> tuple[str, ...]:
        """Return what this kernel lacks of the whole sandbox, in words; nothing if it has all that builds need."""
        if sys.platform != "linux":
            return ("Landlock",)
        files = () if sandboxed_process.landlock_version() else ("Landlock",)
        return files if filters_calls() else (*files, "filter for sockets")

    @cached_property
    def description(self) -> str:
        """Return what limits builds here, in words."""
        if self.isolation.sandbox == "off":
            return "builds run without a sandbox (--sandbox off)"
        if not self.in_effect:
            return "builds run without a sandbox: it needs Linux"
        version = sandboxed_process.landlock_version()
        has = [f"Landlock {version}"] if version else []
        has += ["own mounts"] if has_own_mounts() else []
        has += ["no network"] if filters_calls() else []
        has += [f"user {pwd.getpwuid(self._nobody[0]).pw_name}"] if self._nobody else []
        lacks = f"; this kernel has no {' and no '.join(self.missing)}" if self.missing else ""
        return f"builds run in a sandbox: {', '.join(has) or 'nothing is left running'}{lacks}"

    def _limits(self, rights: Rights, writable: Sequence[Path]) -> Iterator[str]:
        if rights.readable is None:
            yield "read="
        else:
            system = (*_SYSTEM, *self._settings(rights), *map(str, self._named))
            yield from (f"read={path}" for path in (*system, *map(str, rights.readable)))
        # None may write all of it where builds have their directories there: with mounts of its own each has another.
        shared = () if any(path.is_relative_to(_SHARED_MEMORY) for path in writable) else (_SHARED_MEMORY,)
        yield from (f"write={path}" for path in (*_DEVICES, *shared, *writable))
        if not rights.network:
            yield "network=none"
        if rights.user:
            yield f"user={rights.user[0]}:{rights.user[1]}"

    def _settings(self, rights: Rights) -> Sequence[str]:
        return self._open_settings if os.geteuid() == 0 and not rights.user else (str(_SETTINGS),)

    @cached_property
    def _open_settings(self) -> tuple[str, ...]:
        """Return what everybody may read of /etc: root owns the rest, passwords and private keys, and could read it."""
        return tuple(map(str, _open_below(_SETTINGS)))

    @cached_property
    def _withheld(self) -> tuple[str, ...]:
        return tuple(name for name, value in self.variables.items() if self._is_withheld(name, value))

    def _is_withheld(self, name: str, value: str) -> bool:
        secret = _SECRET.search(name) or _HOLDS_SECRET.search(value)
        return name not in self.isolation.passed_on and bool(secret or name in _CACHES)

    @cached_property
    def _named(self) -> tuple[Path, ...]:
        """Return the directories that the user's own variables tell builds to look into, PATH first."""
        home = Path(self.variables.get("HOME") or "/")
        found: dict[Path, None] = {}
        for name, value in self.variables.items():
            if (
                name not in ("HOME", "PWD", "OLDPWD")
                and _NAMES_FILES.search(name)
                and not self._is_withheld(name, value)
            ):
                for text in _FILE.findall(value):
                    path = Path(os.path.normpath(text))
                    found |= dict.fromkeys((path, *_with_it(path), Path(os.path.realpath(path))))
        found |= dict.fromkeys(home / one for one in (".rustup", ".pyenv"))
        return tuple(path for path in found if not home.is_relative_to(path) and _is_there(path))

    @cached_property
    def _nobody(self) -> tuple[int, int] | None:
        if os.geteuid() != 0:
            return None
        try:
            entry = pwd.getpwnam("nobody")
            ranges = Path("/proc/self/uid_map").read_text(encoding="ascii").splitlines()
        except (KeyError, OSError):
            return None
        mapped = any(int(first) <= entry.pw_uid < int(first) + int(count) for first, _, count in map(str.split, ranges))
        return (entry.pw_uid, entry.pw_gid) if mapped else None


def _with_it(path: Path) -> list[Path]:
    """Return what belongs to programs in a directory ``bin``, to one of them, or to libraries with ``.pc`` files."""
    if path.name == "bin":
        prefix = path.parent
    elif path.name == "pkgconfig" or path.parent.name == "bin":
        prefix = path.parent.parent
    else:
        return []
    return [prefix / one for one in _IN_PREFIX]


def _is_open(path: Path) -> bool:
    """Return whether everybody may enter a directory, or read a file, and enter every directory above it."""
    path = path.resolve()
    try:
        return all(_allows(one, stat.S_IXOTH if one.is_dir() else stat.S_IROTH) for one in (path, *path.parents))
    except OSError:
        return False


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # somebody else's directory on PATH
        return False


def _open_below(directory: Path) -> Iterator[Path]:
    """Yield what everybody may read below a directory: the directory itself, if that is all of it."""
    found: list[Path] = []
    whole = _allows(directory, stat.S_IROTH | stat.S_IXOTH)
    for path in sorted(directory.iterdir()) if whole else ():
        if path.is_symlink():
            continue  # what it links to has rules of its own
        below = list(_open_below(path)) if path.is_dir() else [path] * _allows(path, stat.S_IROTH)
        whole = whole and below == [path]
        found += below
    yield from [directory] if whole else found


def _allows(path: Path, modes: int) -> bool:
    return path.stat().st_mode & modes == modes
