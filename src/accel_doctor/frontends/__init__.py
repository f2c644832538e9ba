"""uv and pip, driven through their public command lines: requirements to lock, source to wheel, lock to environment."""

from __future__ import annotations

from collections.abc import Mapping

# The module of each frontend, the preferred one first. It has ``create(parts)``, which returns the frontend, and
# ``settled_elsewhere(variables)``, which returns the keys of pip's configuration that the variables overrule.
FRONTENDS: Mapping[str, str] = {
    "uv": "accel_doctor.frontends.uv.uv_frontend",
    "pip": "accel_doctor.frontends.pip.pip_frontend",
}
