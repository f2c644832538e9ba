"""uv and pip, driven through their public command lines: requirements to lock, source to wheel, lock to environment."""

from accel_doctor.frontends.table import FRONTENDS, choose_frontend, settled_elsewhere

__all__ = ["FRONTENDS", "choose_frontend", "settled_elsewhere"]
