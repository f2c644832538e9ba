"""Run uv and pip through their public command lines: requirements to lock, source to wheel, lock to environment."""

from __future__ import annotations

from collections.abc import Mapping

# The module of each frontend, the preferred one first; its ``create(parts)`` returns the frontend.
FRONTENDS: Mapping[str, str] = {
    "uv": "accel_doctor.frontends.uv.uv_frontend",
    "pip": "accel_doctor.frontends.pip.pip_frontend",
}
