"""pip's options, one row each: how they are spelled, what they set, and how pip and uv are told.

The command line, requirement files, pip's configuration and the frontends all read this table. A new option is a row
here and, where it sets something new, a field in ``model/requests.py``. What does not fit a row stays code: the order
of ``--no-binary`` and ``--only-binary``, and the files that ``-r``, ``-c`` and ``-e`` name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What an option takes, and how pip reads the same key of its configuration."""

    FLAG = "flag"
    INVERTED = "inverted"  # a flag that pip stores as false: configured "no" turns it on
    PRESENT = "present"  # a flag that any configured value turns on
    SWITCH = "switch"  # --x and --no-x: true, false or not given
    COUNT = "count"
    TEXT = "text"
    PATH = "path"
    NUMBER = "number"
    WHOLE = "whole number"
    MANY = "many"  # adds to the configuration's values, which are split at blanks
    SETTING = "setting"  # adds to the one value that the configuration can have
    FORMATS = "formats"  # names of packages, whose order against the other option of this kind counts

    @property
    def takes_value(self) -> bool:
        """Return whether a value follows the name."""
        return self not in (Kind.FLAG, Kind.INVERTED, Kind.PRESENT, Kind.SWITCH, Kind.COUNT)


class Part(Enum):
    """Which part of a frontend's command line an option belongs to."""

    INDEX = "where distributions come from"
    BUILD = "how sources are built"
    RESOLVE = "what is chosen"
    LOCATION = "where it is installed"
    INSTALL = "how it is installed"


@dataclass(frozen=True)
class Argument:
    """An argument of a frontend: fixed words and then the value, once per value."""

    words: tuple[str, ...]
    off: str | None = None  # what says "no" to a switch
    joined: bool = False  # several values are one, with commas
    translated: Mapping[str, str] | None = None  # the frontend's own words for values; others are not said


@dataclass(frozen=True)
class Variables:
    """Environment variables of a frontend."""

    names: tuple[str, ...]
    whole: bool = False  # a whole number, at least 1


@dataclass(frozen=True)
class Refused:
    """An option that a frontend does not have: it is an error."""

    hint: str


Telling = Argument | Variables | Refused


@dataclass(frozen=True)
class PipOption:
    """One option; ``field`` is what it sets in an InstallRequest, its IndexSettings or its BuildSettings."""

    names: tuple[str, ...]
    kind: Kind
    help: str
    metavar: str | None = None
    field: str | None = None
    part: Part | None = None  # None: no frontend is told, or code does it
    off: str | None = None  # the name that says "no"
    choices: tuple[str, ...] = ()
    in_files: bool = False  # whether a requirement file can say it
    joined: bool = False  # whether pip takes several values as one, with commas
    uv: Telling | None = None
    uv_variables: tuple[str, ...] = ()  # where one is set, uv goes by it and pip's configuration has no say

    @property
    def key(self) -> str:
        """Return the key in pip's configuration: the first long name."""
        return next(name[2:] for name in self.names if name.startswith("--"))

    @property
    def pip(self) -> Telling:
        """Return how pip is told: by the option itself."""
        return Argument((f"--{self.key}",), self.off, self.joined)


_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")

# https://docs.astral.sh/uv/reference/environment/ has uv's variables.
PIP_OPTIONS: tuple[PipOption, ...] = (
    PipOption(
        ("-r", "--requirement"), Kind.MANY, "Install from this requirements file.",
        metavar="FILE", in_files=True,
    ),
    PipOption(
        ("-c", "--constraint"), Kind.MANY, "Constrain versions using this file.",
        metavar="FILE", in_files=True, uv_variables=("UV_CONSTRAINT",),
    ),
    PipOption(
        ("-e", "--editable"), Kind.MANY, "Install a project in editable mode.",
        metavar="PATH/URL", in_files=True,
    ),
    PipOption(
        ("--build-constraint",), Kind.MANY, "Constrain build requirements using this file.",
        metavar="FILE", uv_variables=("UV_BUILD_CONSTRAINT",),
    ),
    PipOption(
        ("-i", "--index-url", "--pypi-url"), Kind.TEXT, "The package index.",
        metavar="URL", field="index_url", part=Part.INDEX, in_files=True,
        uv=Argument(("--default-index",)), uv_variables=("UV_DEFAULT_INDEX", "UV_INDEX_URL"),
    ),
    PipOption(
        ("--extra-index-url",), Kind.MANY, "Another package index to use as well.",
        metavar="URL", field="extra_index_urls", part=Part.INDEX, in_files=True,
        uv=Argument(("--index",)), uv_variables=("UV_INDEX", "UV_EXTRA_INDEX_URL"),
    ),
    PipOption(
        ("-f", "--find-links"), Kind.MANY, "Look for archives here too.",
        metavar="URL/PATH", field="find_links", part=Part.INDEX, in_files=True,
        uv=Argument(("--find-links",)), uv_variables=("UV_FIND_LINKS",),
    ),
    PipOption(
        ("--no-index",), Kind.FLAG, "Use no index, only --find-links.",
        field="no_index", part=Part.INDEX, in_files=True, uv=Argument(("--no-index",)),
    ),
    PipOption(
        ("--no-binary",), Kind.FORMATS, "Build these from source: comma-separated names, :all: or :none:.",
        metavar="NAMES", field="no_binary", part=Part.RESOLVE, in_files=True, joined=True,
        uv=Argument(("--no-binary",)),
    ),
    PipOption(
        ("--only-binary",), Kind.FORMATS, "Never build these: comma-separated names, :all: or :none:.",
        metavar="NAMES", field="only_binary", part=Part.RESOLVE, in_files=True, joined=True,
        uv=Argument(("--only-binary",)),
    ),
    PipOption(
        ("--prefer-binary",), Kind.FLAG, "Prefer an older wheel to a newer sdist (pip frontend only).",
        field="prefer_binary", part=Part.RESOLVE, in_files=True,
        uv=Refused("use --frontend pip, or --only-binary with the names of the packages"),
    ),
    PipOption(
        ("--pre",), Kind.FLAG, "Allow pre-releases.",
        field="pre", part=Part.RESOLVE, in_files=True, uv=Argument(("--prerelease", "allow")),
    ),
    PipOption(
        ("-U", "--upgrade"), Kind.FLAG, "Upgrade the named packages to the newest version.", field="upgrade",
    ),
    PipOption(
        ("--upgrade-strategy",), Kind.TEXT, "Which dependencies -U upgrades: those that must be, or all.",
        field="upgrade_strategy", choices=("only-if-needed", "eager"),
    ),
    PipOption(
        ("--force-reinstall",), Kind.FLAG, "Reinstall packages that are already installed.",
        field="reinstall", part=Part.INSTALL, uv=Argument(("--reinstall",)),
    ),
    PipOption(
        ("--require-hashes",), Kind.FLAG, "Require a --hash for every requirement.",
        field="require_hashes", part=Part.RESOLVE, in_files=True,  # under uv, the lock is checked
    ),
    PipOption(
        ("--no-require-hashes",), Kind.FLAG, "Check no hashes, even if some lines have them.", in_files=True,
    ),
    PipOption(
        ("--no-deps", "--no-dependencies"), Kind.FLAG, "Install no dependencies.",
        field="no_deps", part=Part.RESOLVE, uv=Argument(("--no-deps",)),
    ),
    PipOption(
        ("--no-build-isolation",), Kind.INVERTED,
        "Build in the target environment, without installing build requirements.",
        field="no_build_isolation", part=Part.BUILD,
        uv=Argument(("--no-build-isolation",)), uv_variables=("UV_NO_BUILD_ISOLATION",),
    ),
    PipOption(
        ("-C", "--config-settings", "--config-setting"), Kind.SETTING, "A setting for the build backend.",
        metavar="KEY=VALUE", field="config_settings", part=Part.BUILD, in_files=True,
        uv=Argument(("--config-setting",)),
    ),
    PipOption(
        ("-t", "--target"), Kind.PATH, "Install into this directory.",
        metavar="DIR", field="target", part=Part.LOCATION, uv=Argument(("--target",)),
    ),
    PipOption(
        ("--prefix",), Kind.PATH, "Install below this prefix.",
        metavar="DIR", field="prefix", part=Part.LOCATION, uv=Argument(("--prefix",)),
    ),
    PipOption(
        ("--user",), Kind.SWITCH, "Install into the user's site (pip frontend only).",
        field="user", part=Part.LOCATION, off="--no-user",
        uv=Refused("use --frontend pip, or install into a virtual environment"),
    ),
    PipOption(
        ("--compile",), Kind.SWITCH, "Compile to bytecode or not.",
        field="compile_bytecode", part=Part.INSTALL, off="--no-compile", uv=Argument(("--compile-bytecode",)),
    ),
    PipOption(
        ("--break-system-packages",), Kind.FLAG, "Install into an externally managed interpreter anyway.",
        field="break_system_packages", part=Part.INSTALL,
        uv=Argument(("--break-system-packages",)), uv_variables=("UV_BREAK_SYSTEM_PACKAGES",),
    ),
    PipOption(
        ("--require-virtualenv", "--require-venv"), Kind.FLAG, "Refuse to install outside a virtual environment.",
    ),
    PipOption(
        ("--proxy",), Kind.TEXT, "Connect through this proxy.",
        metavar="URL", field="proxy", part=Part.INDEX, uv=Variables(_PROXIES), uv_variables=_PROXIES,
    ),
    PipOption(
        ("--timeout", "--default-timeout"), Kind.NUMBER, "Seconds to wait for a server.",
        metavar="SECONDS", field="timeout", part=Part.INDEX,
        uv=Variables(("UV_HTTP_TIMEOUT",), whole=True),
        uv_variables=("UV_HTTP_TIMEOUT", "UV_REQUEST_TIMEOUT", "HTTP_TIMEOUT"),
    ),
    PipOption(
        ("--retries",), Kind.WHOLE, "How often to retry a failed connection.",
        metavar="N", field="retries", part=Part.INDEX,
        uv=Variables(("UV_HTTP_RETRIES",)), uv_variables=("UV_HTTP_RETRIES",),
    ),
    PipOption(
        ("--trusted-host",), Kind.MANY, "Do not verify this host's certificate.",
        metavar="HOST", field="trusted_hosts", part=Part.INDEX, in_files=True,
        uv=Argument(("--allow-insecure-host",)), uv_variables=("UV_INSECURE_HOST",),
    ),
    PipOption(
        ("--cert",), Kind.PATH, "CA certificates to trust, as PEM.",
        metavar="PATH", field="cert", part=Part.INDEX,
        uv=Variables(("SSL_CERT_FILE",)), uv_variables=("SSL_CERT_FILE", "SSL_CERT_DIR"),
    ),
    PipOption(
        ("--client-cert",), Kind.PATH, "Client certificate and its key, as PEM.",
        metavar="PATH", field="client_cert", part=Part.INDEX,
        uv=Variables(("SSL_CLIENT_CERT",)), uv_variables=("SSL_CLIENT_CERT",),
    ),
    PipOption(
        ("--keyring-provider",), Kind.TEXT, "Look up index passwords in the keyring.",
        field="keyring_provider", part=Part.INDEX, choices=("auto", "disabled", "import", "subprocess"),
        # uv cannot import a Python module, and has no automatic choice.
        uv=Argument(
            ("--keyring-provider",),
            translated={"import": "subprocess", "subprocess": "subprocess", "disabled": "disabled"},
        ),
        uv_variables=("UV_KEYRING_PROVIDER",),
    ),
    PipOption(
        ("--no-cache-dir",), Kind.PRESENT, "Disable the frontend's cache (the wheel store stays in use).",
        field="no_cache", part=Part.INDEX, uv=Argument(("--no-cache",)), uv_variables=("UV_NO_CACHE",),
    ),
    PipOption(("-v", "--verbose"), Kind.COUNT, "Say more; can be repeated."),
    PipOption(("-q", "--quiet"), Kind.COUNT, "Say less; can be repeated."),
)  # fmt: skip

OPTION_OF: Mapping[str, PipOption] = {option.key: option for option in PIP_OPTIONS}
