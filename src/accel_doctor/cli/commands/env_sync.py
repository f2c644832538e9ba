"""``accel-doctor env sync``: restore, else install into a new environment and keep that."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from accel_doctor.cli.env_project import Project, note
from accel_doctor.cli.env_work import keep, put
from accel_doctor.errors import ExitCode, ToolError
from accel_doctor.store.environments.gathering import ChangingError, scan
from accel_doctor.store.environments.relocation import for_place, may_name_the_root, without_place
from accel_doctor.store.environments.swap import place_beside, put_in_place


def synchronize(project: Project, words: Sequence[str]) -> int:
    """The right environment is in place afterwards, or the exit code of ``install`` says why not."""
    if put(project):
        note(f"restored {project.target}")
        return int(ExitCode.DONE)
    arguments = (*project.install_arguments, *words)
    with place_beside(project.target) as beside:
        _make_environment(project, beside)
        code = _install(project, beside, arguments)
        if code:
            return code
        try:
            keep(project, beside)
        except (OSError, ChangingError) as error:
            note(f"the environment is not kept: {error}")
            _rewrite(beside, project)
            put_in_place(beside, project.target)
            return int(ExitCode.DONE)
    if put(project) is None:
        raise ToolError(f"what was just stored for {project.target} cannot be restored", hint="run it again")
    note(f"installed {project.target}")
    return int(ExitCode.DONE)


def _make_environment(project: Project, place: Path) -> None:
    from accel_doctor.frontends.uv.uv_binary import find_uv
    from accel_doctor.system.process.runner import ProcessRunner

    executable = project.interpreter["executable"]
    uv = find_uv(project.environment) if project.values.get("frontend") != "pip" else None
    if uv:
        argv = [str(uv), "venv", "--quiet", "--allow-existing", "--python", executable, "--prompt", project.target.name]
    else:
        argv = [executable, "-m", "venv", "--prompt", project.target.name]
    done = ProcessRunner(dict(project.environment)).capture([*argv, str(place)])
    if done.returncode:
        said = (done.stderr.strip() or done.output.strip() or "nothing").splitlines()[-1]
        raise ToolError(f"no virtual environment could be made with {executable}: {said}")


def _install(project: Project, place: Path, words: Sequence[str]) -> int:
    """``accel-doctor install`` with these words, in this process, relative to the project's directory."""
    from accel_doctor.cli.commands.install import command

    own = ["--python", str(place)]
    for option in ("yes", "no_system", "offline", "require_signature"):
        if project.values.get(option):
            own.append(f"--{option.replace('_', '-')}")
    for option in ("frontend", "cache_dir", "signing_key"):
        if value := project.values.get(option):
            own += [f"--{option.replace('_', '-')}", str(Path(value).absolute()) if option != "frontend" else value]
    for option in ("level", "rules", "trusted_key"):
        for value in project.values.get(option) or ():
            own += [f"--{option.replace('_', '-')}", value]
    with _inside(project.directory), command.make_context("install", [*own, *words]) as context:
        return int(command.invoke(context) or 0)


@contextmanager
def _inside(directory: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(directory)
    try:
        yield
    finally:
        os.chdir(before)


def _rewrite(root: Path, project: Project) -> None:
    """What names ``root`` names the project's place: for an environment that no cache could take."""
    for path in scan(root).files:
        if not may_name_the_root(path):
            continue
        file = root / path
        normal = without_place(path, file.read_bytes(), str(root))
        if normal is not None:
            mode = file.stat().st_mode
            file.write_bytes(for_place(path, normal, project.place))
            file.chmod(mode)
