"""AWS profiles: what ``~/.aws/credentials`` and ``~/.aws/config`` say, since obstore does not read them.

Profiles with keys are read here; those that fetch keys (single sign-on, roles, ``credential_process``) are left to
boto3, where it is installed. The files' form: https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html
"""

from __future__ import annotations

from collections.abc import Mapping
from configparser import ConfigParser
from configparser import Error as ConfigParserError
from dataclasses import dataclass
from pathlib import Path

from accel_doctor.errors import UsageError

# What says how keys are to be fetched.
_FETCHING = (
    "sso_session",
    "sso_start_url",
    "role_arn",
    "credential_process",
    "web_identity_token_file",
    "login_session",
)


@dataclass(frozen=True)
class Profile:
    """One profile; ``fetched`` where its keys come from somewhere else."""

    name: str
    access_key_id: str | None = None
    secret_access_key: str | None = None
    session_token: str | None = None
    region: str | None = None
    endpoint: str | None = None
    fetched: bool = False


def read_profile(environment: Mapping[str, str], chosen: str | None) -> Profile | None:
    """The profile ``chosen``, or AWS_PROFILE's, or the default one; None where it is nowhere.

    Raises UsageError where a named profile is nowhere, or a file is not readable as one.
    """
    named = chosen or environment.get("AWS_PROFILE") or environment.get("AWS_DEFAULT_PROFILE")
    name = named or "default"
    home = Path(environment.get("HOME", "/")) / ".aws"
    credentials = _section(Path(environment.get("AWS_SHARED_CREDENTIALS_FILE") or home / "credentials"), name)
    section = name if name == "default" else f"profile {name}"
    configuration = _section(Path(environment.get("AWS_CONFIG_FILE") or home / "config"), section)
    values = {**configuration, **credentials}
    if not values:
        if named:
            raise UsageError(f"there is no AWS profile {name!r}", hint="`aws configure list-profiles` lists them")
        return None
    return Profile(
        name,
        values.get("aws_access_key_id"),
        values.get("aws_secret_access_key"),
        values.get("aws_session_token"),
        values.get("region"),
        values.get("endpoint_url"),
        "aws_access_key_id" not in values and any(key in values for key in _FETCHING),
    )


def _section(path: Path, name: str) -> Mapping[str, str]:
    # Keys hold percent signs, and a section may be there twice where two tools wrote it.
    parser = ConfigParser(interpolation=None, strict=False, default_section="\0")
    try:
        parser.read(path.expanduser(), encoding="utf-8")
    except (ConfigParserError, OSError, UnicodeDecodeError) as error:
        # Its lines may be secrets: they are not quoted.
        raise UsageError(f"{path} cannot be read as a file of AWS profiles: {type(error).__name__}") from None
    return dict(parser[name]) if parser.has_section(name) else {}
