"""Argument line over configuration, and requirement files over both, merged as pip merges them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from accel_doctor.errors import UsageError
from accel_doctor.model import BuildSettings, Connection, IndexSettings, InstallRequest, RequirementLine
from accel_doctor.requirements.arguments import ParsedArguments
from accel_doctor.requirements.file_access import Files
from accel_doctor.requirements.format_control import settle
from accel_doctor.requirements.gathering import Gathering
from accel_doctor.requirements.options import unsupported_key
from accel_doctor.requirements.pip_configuration import Configuration
from accel_doctor.requirements.surroundings import Surroundings

_KEYRING_PROVIDERS = ("auto", "disabled", "import", "subprocess")


def read_request(
    arguments: ParsedArguments, configuration: Configuration, files: Files, surroundings: Surroundings
) -> InstallRequest:
    """What the user asked for. Raises UsageError for what cannot be read, is contradictory, or is not supported.

    Options that may be repeated add to the configuration's values; all others replace them. Options in requirement
    files come last and win.
    """
    for key in configuration.settings:
        if (error := unsupported_key(key)) is not None:
            raise UsageError(f"{configuration.source(key)}: {error.message}", hint=error.hint)
    _check_combinations(arguments, configuration, surroundings)
    gathered = Gathering(arguments, configuration, files, surroundings)
    gathered.read_all()
    given, settings = arguments, configuration
    no_binary, only_binary = settle(gathered.format_control)
    return InstallRequest(
        requirements=_requirements(gathered),
        constraints=tuple(gathered.constraints),
        lock=gathered.lock,
        index=_index(gathered, given, settings, surroundings),
        build=_build(gathered, given, settings),
        no_binary=no_binary,
        only_binary=only_binary,
        pre="pre" in gathered.flags,
        prefer_binary="prefer-binary" in gathered.flags,
        upgrade=given.upgrade or bool(settings.flag("upgrade")),
        eager_upgrade=_upgrade_strategy(given, settings) == "eager",
        reinstall=given.force_reinstall or bool(settings.flag("force-reinstall")),
        compile_bytecode=_compile(given, settings),
        require_hashes="require-hashes" in gathered.flags,
        no_deps=given.no_deps or bool(settings.flag("no-deps")),
        target=_directory(given.target or settings.text("target"), surroundings),
        prefix=_directory(given.prefix or settings.text("prefix"), surroundings),
        user=_user(given, settings),
        break_system_packages=given.break_system_packages or bool(settings.flag("break-system-packages")),
        verbosity=given.verbosity,
    )


def _requirements(gathered: Gathering) -> tuple[RequirementLine, ...]:
    if "no-require-hashes" not in gathered.flags:
        return tuple(gathered.requirements)
    if "require-hashes" in gathered.flags:
        raise UsageError("--require-hashes and --no-require-hashes are mutually exclusive")
    # One hash on a line turns checking on for all: with none left, nothing does.
    return tuple(replace(line, hashes=()) for line in gathered.requirements)


def read_connection(given: ParsedArguments, settings: Configuration, surroundings: Surroundings) -> Connection:
    """Return how servers are reached, as far as it is known before any requirement file is read."""
    cert = given.cert or settings.text("cert")
    client_cert = given.client_cert or settings.text("client-cert")
    return Connection(
        cert=surroundings.absolute(cert) if cert else None,
        client_cert=surroundings.absolute(client_cert) if client_cert else None,
        proxy=given.proxy or settings.text("proxy"),
        trusted_hosts=(*settings.words("trusted-host"), *given.trusted_hosts),
        timeout=given.timeout if given.timeout is not None else settings.number("timeout"),
        retries=given.retries if given.retries is not None else _whole(settings, "retries"),
    )


def _index(
    gathered: Gathering, given: ParsedArguments, settings: Configuration, surroundings: Surroundings
) -> IndexSettings:
    no_index = "no-index" in gathered.flags
    connection = vars(read_connection(given, settings, surroundings))
    return IndexSettings(
        **{**connection, "trusted_hosts": _once(gathered.trusted_hosts)},
        index_url=None if no_index else gathered.index_url,
        extra_index_urls=() if no_index else _once(gathered.extra_index_urls),
        find_links=_once(gathered.find_links),
        no_index=no_index,
        keyring_provider=_keyring_provider(given, settings),
        # pip: the variable PIP_NO_CACHE_DIR, whatever its truth value, disables the cache.
        no_cache=given.no_cache or settings.flag("no-cache-dir") is not None,
        offline=given.offline,
    )


def _build(gathered: Gathering, given: ParsedArguments, settings: Configuration) -> BuildSettings:
    configured = settings.text("config-settings")
    return BuildSettings(
        config_settings=(*([configured] if configured else []), *given.config_settings),
        build_constraints=tuple(gathered.build_constraints()),
        # pip: the option stores a false, so in the configuration "no-build-isolation = no" switches isolation off,
        # and "yes" leaves it on. https://github.com/pypa/pip/issues/5735
        no_build_isolation=given.no_build_isolation or settings.flag("no-build-isolation") is False,
    )


def _check_combinations(arguments: ParsedArguments, configuration: Configuration, surroundings: Surroundings) -> None:
    target = arguments.target or configuration.text("target")
    prefix = arguments.prefix or configuration.text("prefix")
    if _user(arguments, configuration) and target:
        raise UsageError("Can not combine '--user' and '--target'")
    for one, other in (("--user", _user(arguments, configuration)), ("--target", target)):
        if other and prefix:
            raise UsageError(f"Can not combine '{one}' and '--prefix' as they imply different installation locations")
    if arguments.require_virtualenv or configuration.flag("require-virtualenv"):
        if surroundings.in_virtual_environment:
            return
        raise UsageError(
            "Could not find an activated virtualenv (required).",
            hint="make one (python3 -m venv DIR) and pass --python DIR/bin/python",
        )


def _upgrade_strategy(arguments: ParsedArguments, configuration: Configuration) -> str:
    strategy = arguments.upgrade_strategy or configuration.text("upgrade-strategy") or "only-if-needed"
    return _choice("upgrade-strategy", strategy, ("only-if-needed", "eager"))


def _keyring_provider(arguments: ParsedArguments, configuration: Configuration) -> str | None:
    provider = arguments.keyring_provider or configuration.text("keyring-provider")
    return None if provider is None else _choice("keyring-provider", provider, _KEYRING_PROVIDERS)


def _choice(option: str, value: str, choices: tuple[str, ...]) -> str:
    if value not in choices:
        listed = ", ".join(repr(choice) for choice in choices)
        raise UsageError(f"option --{option}: invalid choice: {value!r} (choose from {listed})")
    return value


def _user(arguments: ParsedArguments, configuration: Configuration) -> bool:
    return bool(configuration.flag("user")) if arguments.user is None else arguments.user


def _compile(arguments: ParsedArguments, configuration: Configuration) -> bool | None:
    if arguments.compile_bytecode is not None:
        return arguments.compile_bytecode
    # The same quirk as with no-build-isolation: the value of "no-compile" is stored as that of "compile".
    stored = configuration.flag("no-compile")
    return configuration.flag("compile") if stored is None else stored


def _whole(configuration: Configuration, key: str) -> int | None:
    number = configuration.number(key)
    return None if number is None else int(number)


def _directory(location: str | None, surroundings: Surroundings) -> Path | None:
    return Path(surroundings.absolute(location)) if location else None


def _once(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))
