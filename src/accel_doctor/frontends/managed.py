"""PEP 668: an interpreter that belongs to the distribution is left alone unless the user insists."""

from __future__ import annotations

from accel_doctor.errors import RequirementsError
from accel_doctor.model import InstallRequest, Interpreter


def refuse_externally_managed(interpreter: Interpreter, request: InstallRequest) -> None:
    """Raise RequirementsError, with the distribution's words, before anything is resolved or built.

    As pip does, ``--target`` and ``--prefix`` are let through: they install beside the distribution's packages.
    """
    words = interpreter.externally_managed
    if words is None or request.break_system_packages or request.target is not None or request.prefix is not None:
        return
    message = f"the environment of {interpreter.executable} is externally managed"
    if words.strip():
        message += ":\n" + "\n".join(f"  {line}".rstrip() for line in words.strip().splitlines())
    raise RequirementsError(
        message,
        hint="make a virtual environment (python3 -m venv DIR) and pass --python DIR/bin/python, "
        "or insist with --break-system-packages",
    )
