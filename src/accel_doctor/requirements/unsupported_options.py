"""pip options that accel-doctor knows and does not have, each with what to use instead; and those it may ignore."""

from __future__ import annotations

from collections.abc import Mapping

from accel_doctor.errors import UsageError

# Options of `pip install` (26.3) with no counterpart here. The value completes "accel-doctor does not have X".
INSTEAD: Mapping[str, str] = {
    "--root": "use --prefix or --target, or install inside the other root",
    "--platform": "accel-doctor builds for the machine it runs on: run it there",
    "--abi": "accel-doctor builds for the interpreter it installs into: name that with --python",
    "--implementation": "accel-doctor builds for the interpreter it installs into: name that with --python",
    "--python-version": "accel-doctor builds for the interpreter it installs into: name that with --python",
    "--ignore-requires-python": "correct the requirement, or patch the package: no frontend-neutral way exists",
    "--ignore-installed": "use --force-reinstall, which removes the old files too",
    "--src": "clone the repository yourself and install it with -e PATH",
    "--global-option": "use --config-settings (pip dropped it in 25.3)",
    "--build-option": "use --config-settings (pip dropped it in 25.3)",
    "--install-option": "use --config-settings (pip dropped it in 23.1)",
    "--group": "export the group first: uv export --only-group NAME, or pip lock --group NAME",
    "--requirements-from-script": "export them first: uv export --script FILE, then use -r",
    "--only-deps": "list the dependencies in a requirements file",
    "--all-releases": "use --pre, or pin the pre-release: NAME==VERSION",
    "--only-final": "pin the versions you want: NAME==VERSION",
    "--uploaded-prior-to": "use UV_EXCLUDE_NEWER with the uv frontend",
    "--refresh-package": "use --no-cache-dir",
    "--check-build-dependencies": "leave build isolation on",
    "--use-deprecated": "nothing: accel-doctor uses current behaviour only",
    "--index": "use --index-url or --extra-index-url",
    "--default-index": "use --index-url",
    "--find-link": "use --find-links",
    "--system": "name the interpreter with --python",
    "--exists-action": "move what is in the way aside yourself",
}

_ALIASES: Mapping[str, str] = {
    "-I": "--ignore-installed",
    "--source": "--src",
    "--source-dir": "--src",
    "--source-directory": "--src",
    "--only-dependencies": "--only-deps",
}

# Options that change nothing about what is installed: accepted, without effect. The value: whether one is taken.
HARMLESS: Mapping[str, bool] = {
    "--disable-pip-version-check": False,
    "--no-input": False,
    "--no-color": False,
    "--no-warn-script-location": False,
    "--no-warn-conflicts": False,
    "--no-python-version-warning": False,
    "--no-clean": False,
    "--use-pep517": False,
    "--progress-bar": True,
    "--root-user-action": True,
    "--use-feature": True,
    "--resume-retries": True,
}

_UNSUPPORTED_IN_CONFIGURATION = frozenset(
    {
        "root",
        "platform",
        "abi",
        "implementation",
        "python-version",
        "ignore-requires-python",
        "ignore-installed",
    }
)


def unsupported(option: str) -> UsageError:
    """The error for an option accel-doctor does not have; its hint is what to use instead, where anything is known."""
    name = option.partition("=")[0]
    name = _ALIASES.get(name, name)
    if name in INSTEAD:
        return UsageError(f"accel-doctor does not have {option}", hint=INSTEAD[name])
    return UsageError(f"no such option: {option}", hint="accel-doctor install --help lists what there is")


def unsupported_key(key: str) -> UsageError | None:
    """The error for a key of pip's configuration that must not be ignored in silence; None for all others."""
    return unsupported(f"--{key}") if key in _UNSUPPORTED_IN_CONFIGURATION else None
