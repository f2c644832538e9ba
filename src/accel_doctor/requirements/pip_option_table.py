"""pip's options, one row each: spelling, the field they set, and uv's equivalent.

The command line, requirement files, pip's configuration and the frontends all read this table. A new option is a row
here and, where it sets something new, a field in ``model/requests.py``. Everything else is handled in code: the order
of ``--no-binary`` and ``--only-binary``, and the files that ``-r``, ``-c`` and ``-e`` name.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """The kind of value an option takes, and how pip reads the same key of its configuration."""

    FLAG = "flag"
    INVERTED = "inverted"  # a flag that pip stores as false: "no" in the configuration turns it on
    PRESENT = "present"  # a flag that any configured value turns on
    SWITCH = "switch"  # --x and --no-x: true, false or not given
    COUNT = "count"
    TEXT = "text"
    PATH = "path"
    NUMBER = "number"
    WHOLE = "whole number"
    MANY = "many"  # adds to the configuration's values, which are split at blanks
    SETTING = "setting"  # adds to the single value in the configuration
    FORMATS = "formats"  # names of packages; the order relative to the other option of this kind matters


FLAGS = frozenset({Kind.FLAG, Kind.INVERTED, Kind.PRESENT, Kind.SWITCH, Kind.COUNT})


class Part(Enum):
    """The part of a frontend's command line that an option belongs to."""

    INDEX = "where distributions come from"
    BUILD = "how sources are built"
    RESOLVE = "what is chosen"
    LOCATION = "where it is installed"
    INSTALL = "how it is installed"


@dataclass(frozen=True)
class Refused:
    """An option that a frontend lacks: using it is an error."""

    hint: str


@dataclass(frozen=True)
class PipOption:
    """One option; ``field`` is the field it sets in an InstallRequest, its IndexSettings or its BuildSettings."""

    names: tuple[str, ...]
    kind: Kind
    help: str
    metavar: str | None = None
    field: str | None = None
    part: Part | None = None  # None: not passed to frontends, or handled in code
    in_files: bool = False  # whether a requirement file can contain it
    off: str | None = None  # the name of the negated option
    choices: tuple[str, ...] = ()
    uv: str | tuple[str, ...] | Refused | None = None  # an argument, or environment variables
    settled: tuple[str, ...] = ()  # variables of uv; if one is set, pip's configuration is ignored
    fallback: tuple[str, ...] = ()  # other programs' variables, which hold its value if nothing else does

    @property
    def key(self) -> str:
        """Return the key in pip's configuration: the first long name."""
        return next(name[2:] for name in self.names if name.startswith("--"))


_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")

# https://docs.astral.sh/uv/reference/environment/ has uv's variables.
PIP_OPTIONS: tuple[PipOption, ...] = (
    PipOption(("-r", "--requirement"), Kind.MANY, "Install from this requirements file.", "FILE", in_files=True),
    PipOption(("-c", "--constraint"), Kind.MANY, "Constrain versions using this file.", "FILE", in_files=True,
              settled=("UV_CONSTRAINT",)),
    PipOption(("-e", "--editable"), Kind.MANY, "Install a project in editable mode.", "PATH/URL", in_files=True),
    PipOption(("--group",), Kind.MANY, "Install a dependency group of pyproject.toml (PEP 735).", "[PATH:]NAME"),
    PipOption(("--requirements-from-script", "--script"), Kind.MANY,
              "Install what a script says that it needs (PEP 723).", "FILE"),
    PipOption(("--build-constraint",), Kind.MANY, "Constrain build requirements using this file.", "FILE",
              settled=("UV_BUILD_CONSTRAINT",)),
    PipOption(("-i", "--index-url", "--pypi-url"), Kind.TEXT, "The package index.", "URL",
              "index_url", Part.INDEX, in_files=True,
              uv="--default-index", settled=("UV_DEFAULT_INDEX", "UV_INDEX_URL")),
    PipOption(("--extra-index-url",), Kind.MANY, "Another package index to use as well.", "URL",
              "extra_index_urls", Part.INDEX, in_files=True,
              uv="--index", settled=("UV_INDEX", "UV_EXTRA_INDEX_URL")),
    PipOption(("-f", "--find-links"), Kind.MANY, "Look for archives here too.", "URL/PATH",
              "find_links", Part.INDEX, in_files=True, uv="--find-links", settled=("UV_FIND_LINKS",)),
    PipOption(("--no-index",), Kind.FLAG, "Use no index, only --find-links.", None,
              "no_index", Part.INDEX, in_files=True, uv="--no-index"),
    PipOption(("--no-binary",), Kind.FORMATS, "Build these from source: comma-separated names, :all: or :none:.",
              "NAMES", "no_binary", Part.RESOLVE, in_files=True, uv="--no-binary"),
    PipOption(("--only-binary",), Kind.FORMATS, "Never build these: comma-separated names, :all: or :none:.",
              "NAMES", "only_binary", Part.RESOLVE, in_files=True, uv="--only-binary"),
    PipOption(("--prefer-binary",), Kind.FLAG, "Prefer an older wheel to a newer sdist (pip frontend only).", None,
              "prefer_binary", Part.RESOLVE, in_files=True,
              uv=Refused("use --frontend pip, or --only-binary with the names of the packages")),
    PipOption(("--pre",), Kind.FLAG, "Allow pre-releases.", None,
              "pre", Part.RESOLVE, in_files=True, uv="--prerelease=allow"),
    PipOption(("-U", "--upgrade"), Kind.FLAG, "Upgrade the named packages to the newest version.", field="upgrade"),
    PipOption(("--upgrade-strategy",), Kind.TEXT, "Which dependencies -U upgrades: those that must be, or all.",
              field="upgrade_strategy", choices=("only-if-needed", "eager")),
    PipOption(("--force-reinstall",), Kind.FLAG, "Reinstall packages that are already installed.", None,
              "reinstall", Part.INSTALL, uv="--reinstall"),
    PipOption(("--require-hashes",), Kind.FLAG, "Require a --hash for every requirement.", None,
              "require_hashes", Part.RESOLVE, in_files=True),  # with uv, we check the lock
    PipOption(("--no-require-hashes",), Kind.FLAG, "Check no hashes, even if some lines have them.", in_files=True),
    PipOption(("--no-deps", "--no-dependencies"), Kind.FLAG, "Install no dependencies.", None,
              "no_deps", Part.RESOLVE, uv="--no-deps"),
    PipOption(("--no-build-isolation",), Kind.INVERTED,
              "Build in the target environment, without installing build requirements.", None,
              "no_build_isolation", Part.BUILD, uv="--no-build-isolation", settled=("UV_NO_BUILD_ISOLATION",)),
    PipOption(("-C", "--config-settings", "--config-setting"), Kind.SETTING, "A setting for the build backend.",
              "KEY=VALUE", "config_settings", Part.BUILD, in_files=True, uv="--config-setting"),
    PipOption(("-t", "--target"), Kind.PATH, "Install into this directory.", "DIR",
              "target", Part.LOCATION, uv="--target"),
    PipOption(("--prefix",), Kind.PATH, "Install below this prefix.", "DIR", "prefix", Part.LOCATION, uv="--prefix"),
    PipOption(("--user",), Kind.SWITCH, "Install into the user's site (pip frontend only).", None,
              "user", Part.LOCATION, off="--no-user",
              uv=Refused("use --frontend pip, or install into a virtual environment")),
    PipOption(("--compile",), Kind.SWITCH, "Compile to bytecode or not.", None,
              "compile_bytecode", Part.INSTALL, off="--no-compile", uv="--compile-bytecode"),
    PipOption(("--break-system-packages",), Kind.FLAG, "Install into an externally managed interpreter anyway.", None,
              "break_system_packages", Part.INSTALL,
              uv="--break-system-packages", settled=("UV_BREAK_SYSTEM_PACKAGES",)),
    PipOption(("--require-virtualenv", "--require-venv"), Kind.FLAG,
              "Refuse to install outside a virtual environment."),
    PipOption(("--proxy",), Kind.TEXT, "Connect through this proxy.", "URL",
              "proxy", Part.INDEX, uv=_PROXIES, settled=_PROXIES),
    PipOption(("--timeout", "--default-timeout"), Kind.NUMBER, "Seconds to wait for a server.", "SECONDS",
              "timeout", Part.INDEX, uv=("UV_HTTP_TIMEOUT",),
              settled=("UV_HTTP_TIMEOUT", "UV_REQUEST_TIMEOUT", "HTTP_TIMEOUT")),
    PipOption(("--retries",), Kind.WHOLE, "How often to retry a failed connection.", "N",
              "retries", Part.INDEX, uv=("UV_HTTP_RETRIES",), settled=("UV_HTTP_RETRIES",)),
    PipOption(("--trusted-host",), Kind.MANY, "Do not verify this host's certificate.", "HOST",
              "trusted_hosts", Part.INDEX, in_files=True, uv="--allow-insecure-host", settled=("UV_INSECURE_HOST",)),
    PipOption(("--cert",), Kind.PATH, "CA certificates to trust, as PEM.", "PATH",
              "cert", Part.INDEX, uv=("SSL_CERT_FILE",), settled=("SSL_CERT_FILE", "SSL_CERT_DIR"),
              fallback=("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")),
    PipOption(("--client-cert",), Kind.PATH, "Client certificate and its key, as PEM.", "PATH",
              "client_cert", Part.INDEX, uv=("SSL_CLIENT_CERT",), settled=("SSL_CLIENT_CERT",)),
    PipOption(("--keyring-provider",), Kind.TEXT, "Look up index passwords in the keyring.", None,
              "keyring_provider", Part.INDEX, choices=("auto", "disabled", "import", "subprocess"),
              uv="--keyring-provider", settled=("UV_KEYRING_PROVIDER",)),
    PipOption(("--no-cache-dir",), Kind.PRESENT, "Disable the frontend's cache (the wheel store stays in use).", None,
              "no_cache", Part.INDEX, uv="--no-cache", settled=("UV_NO_CACHE",)),
    PipOption(("-v", "--verbose"), Kind.COUNT, "Say more; can be repeated."),
    PipOption(("-q", "--quiet"), Kind.COUNT, "Say less; can be repeated."),
)  # fmt: skip

OPTION_OF: Mapping[str, PipOption] = {option.key: option for option in PIP_OPTIONS}


def spelled_out(flag: str, names: Mapping[str, object]) -> tuple[str, ...]:
    """Return the options that ``flag`` can stand for, as pip abbreviates them: itself, or all that begin with it.

    ``names`` says what each name sets: of two names for one thing, the first is returned.
    """
    if flag in names:
        return (flag,)
    if not flag.startswith("--") or flag == "--":
        return ()
    found: dict[object, str] = {}
    for name in sorted(names):
        if name.startswith(flag):
            found.setdefault(names[name], name)
    return tuple(found.values())


Value = bool | int | float | str | tuple[str, ...]


@dataclass(frozen=True)
class ParsedArguments:
    """pip's part of a command line. ``options`` holds the given values, by the keys of the option table."""

    requirements: tuple[str, ...] = ()
    options: Mapping[str, Value] = dataclasses.field(default_factory=dict)
    format_control: tuple[tuple[str, str], ...] = ()  # ("no-binary", "a,b"), ("only-binary", ":all:"), in order
    offline: bool = False

    @property
    def verbosity(self) -> int:
        """Return the verbosity: 0, plus one per ``-v``, minus one per ``-q``."""
        return int(str(self.options.get("verbose", 0))) - int(str(self.options.get("quiet", 0)))
