"""pip options that accel-doctor does not support, each with a replacement, and those it can ignore."""

from __future__ import annotations

from collections.abc import Mapping

from accel_doctor.errors import UsageError

# Options of `pip install` (26.3) with no counterpart here. The value is the hint.
INSTEAD: Mapping[str, str] = {
    "--root": "use --prefix or --target, or install inside the other root",
    "--platform": "accel-doctor builds for the machine it runs on: run it on the target",
    "--abi": "accel-doctor builds for the interpreter it installs into: choose it with --python",
    "--implementation": "accel-doctor builds for the interpreter it installs into: choose it with --python",
    "--python-version": "accel-doctor builds for the interpreter it installs into: choose it with --python",
    "--ignore-requires-python": "fix the requirement, or patch the package",
    "--ignore-installed": "use --force-reinstall, which removes the old files too",
    "--src": "clone the repository yourself and install it with -e PATH",
    "--global-option": "use --config-settings (pip dropped it in 25.3)",
    "--build-option": "use --config-settings (pip dropped it in 25.3)",
    "--install-option": "use --config-settings (pip dropped it in 23.1)",
    "--only-deps": "list the dependencies in a requirements file",
    "--all-releases": "use --pre, or pin the pre-release: NAME==VERSION",
    "--only-final": "pin the versions you want: NAME==VERSION",
    "--uploaded-prior-to": "use UV_EXCLUDE_NEWER with the uv frontend",
    "--refresh-package": "use --no-cache-dir",
    "--check-build-dependencies": "leave build isolation on",
    "--use-deprecated": "nothing: accel-doctor has no deprecated behavior",
    "--default-index": "use --index-url",
    "--system": "choose the interpreter with --python",
    "--exists-action": "move the existing directory away first",
}

# Options of `uv pip install`, `uv add` and `uv sync` that are spelled in another way here, or are variables of uv.
OF_UV: Mapping[str, str] = {
    "--requirements": "use -r", "--constraints": "use -c", "--build-constraints": "use --build-constraint",
    "--extra": "name the extras: '.[NAME]'", "--all-extras": "name the extras: '.[NAME]'",
    "--reinstall": "use --force-reinstall", "--reinstall-package": "use --force-reinstall",
    "--no-cache": "use --no-cache-dir", "--refresh": "use --no-cache-dir",
    "--no-build": "use --only-binary :all:", "--no-build-package": "use --only-binary NAME",
    "--no-binary-package": "use --no-binary NAME", "--python-platform": INSTEAD["--platform"],
    **{
        option: f"set {variable}: uv reads it"
        for option, variable in {
            "--override": "UV_OVERRIDE", "--overrides": "UV_OVERRIDE", "--exclude-newer": "UV_EXCLUDE_NEWER",
            "--resolution": "UV_RESOLUTION", "--prerelease": "UV_PRERELEASE", "--link-mode": "UV_LINK_MODE",
            "--torch-backend": "UV_TORCH_BACKEND", "--index": "UV_INDEX", "--index-strategy": "UV_INDEX_STRATEGY",
        }.items()
    },
}  # fmt: skip

_ALIASES: Mapping[str, str] = {
    "-I": "--ignore-installed",
    "--source": "--src",
    "--source-dir": "--src",
    "--source-directory": "--src",
    "--only-dependencies": "--only-deps",
}

# Options that do not change what is installed: accepted and ignored. The value: whether they take one.
HARMLESS: Mapping[str, bool] = {
    **dict.fromkeys(("--disable-pip-version-check", "--no-python-version-warning", "--no-color", "--no-input"), False),
    **dict.fromkeys(("--no-warn-script-location", "--no-warn-conflicts", "--no-clean", "--use-pep517"), False),
    **dict.fromkeys(("--progress-bar", "--root-user-action", "--use-feature", "--resume-retries"), True),
}

# Keys of pip's configuration that must not be ignored silently.
UNSUPPORTED_KEYS = frozenset(
    ("root", "platform", "abi", "implementation", "python-version", "ignore-requires-python", "ignore-installed")
)


def unsupported(option: str) -> UsageError:
    """Return the error for an unsupported or unknown option; its hint is a replacement, None if none is known."""
    name = option.partition("=")[0]
    name = _ALIASES.get(name, name)
    if name in INSTEAD:
        return UsageError(f"accel-doctor does not support {option}", hint=INSTEAD[name])
    return UsageError(f"no such option: {option}", hint=OF_UV.get(name))
