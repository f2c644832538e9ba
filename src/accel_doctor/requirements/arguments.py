"""The argument line of ``install``, before anything is read into it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ParsedArguments:
    """One field per pip option, raw, in the order given; the defaults say that an option was not given."""

    requirements: tuple[str, ...] = ()
    requirement_files: tuple[str, ...] = ()  # -r
    editables: tuple[str, ...] = ()  # -e
    constraint_files: tuple[str, ...] = ()  # -c
    build_constraint_files: tuple[str, ...] = ()
    index_url: str | None = None
    extra_index_urls: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    no_index: bool = False
    cert: str | None = None
    client_cert: str | None = None
    proxy: str | None = None
    trusted_hosts: tuple[str, ...] = ()
    timeout: float | None = None
    retries: int | None = None
    keyring_provider: str | None = None
    no_cache: bool = False
    offline: bool = False
    format_control: tuple[tuple[str, str], ...] = ()  # ("no-binary", "a,b"), ("only-binary", ":all:"), in order
    prefer_binary: bool = False
    pre: bool = False
    config_settings: tuple[str, ...] = ()
    no_build_isolation: bool = False
    require_hashes: bool = False
    no_require_hashes: bool = False
    no_deps: bool = False
    upgrade: bool = False
    upgrade_strategy: str | None = None  # "eager" or "only-if-needed"
    force_reinstall: bool = False
    compile_bytecode: bool | None = None  # --compile, --no-compile
    target: str | None = None
    prefix: str | None = None
    user: bool | None = None  # --user, --no-user
    break_system_packages: bool = False
    require_virtualenv: bool = False
    verbosity: int = 0
