"""Stand in for PyPI's module of this name, which takes any uv beside the Python that runs it for its own."""

import platform
from pathlib import Path


def find_uv_bin() -> str:
    """Return the path of the uv that came with accel-doctor. Raise FileNotFoundError if none is for this machine."""
    uv = Path(__file__).with_name(f"uv-{platform.machine()}")
    if not uv.exists():
        raise FileNotFoundError(uv)
    return str(uv)
