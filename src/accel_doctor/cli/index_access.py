"""Complete the settings of indexes with what the frontend reads itself, so that we fetch from the same places."""

from __future__ import annotations

from dataclasses import replace

from accel_doctor.cli.session import Session
from accel_doctor.model.requests import FrontendIndexes, IndexSettings
from accel_doctor.requirements.uv_configuration import read_uv_indexes
from accel_doctor.system.keyring_command import keyring_logins


def as_reached(index: IndexSettings, frontend: str, session: Session) -> IndexSettings:
    """Return the settings with the indexes of uv's own configuration, if it is the frontend, and with the passwords of
    the keyring, if one is to be asked."""
    variables = session.invocation.variables
    found, provider = FrontendIndexes(), index.keyring_provider
    if frontend == "uv":
        found = read_uv_indexes(variables, session.invocation.directory)
        provider = provider or variables.get("UV_KEYRING_PROVIDER")
    if provider in (None, "disabled") or index.offline:
        return replace(index, of_frontend=found)
    named = replace(index, of_frontend=found).logins
    return replace(index, of_frontend=replace(found, logins=(*found.logins, *keyring_logins(named, session.runner))))
