"""Ask the keyring for the passwords of indexes, as uv and pip do: with its command, by address and user."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import quote, urlsplit, urlunsplit

from accel_doctor.interfaces import Runner

_TIMEOUT = 30.0  # seconds: a keyring may ask its owner to unlock it


def keyring_logins(urls: Sequence[str], runner: Runner) -> Iterator[str]:
    """Yield, with its password, each URL that names a user and no password, if the keyring has one."""
    for url in dict.fromkeys(urls):
        parts = urlsplit(url)
        if parts.username and parts.password is None and parts.hostname and not parts.username.startswith("-"):
            place = parts.netloc.rpartition("@")[2]
            for service in (urlunsplit(parts._replace(netloc=place)), place):
                done = runner.capture(["keyring", "get", service, parts.username], timeout=_TIMEOUT)
                if done.returncode == 0 and (password := done.output.strip("\r\n")):
                    login = f"{quote(parts.username, safe='')}:{quote(password, safe='')}@{place}"
                    yield urlunsplit(parts._replace(netloc=login))
                    break
