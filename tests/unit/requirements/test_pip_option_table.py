"""The option table: every row fits the model, and a row is all that a new option needs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import accel_doctor
from accel_doctor.model.requests import BuildSettings, IndexSettings, InstallRequest
from accel_doctor.requirements.pip_option_table import PIP_OPTIONS, Kind

PACKAGE = Path(accel_doctor.__file__).parent
TABLE = PACKAGE / "requirements/pip_option_table.py"

# The kinds that a field of this type can be set by.
KINDS_OF_TYPE = {
    "bool": {Kind.FLAG, Kind.INVERTED, Kind.PRESENT, Kind.SWITCH},
    "bool | None": {Kind.SWITCH},
    "str": {Kind.TEXT},
    "str | None": {Kind.TEXT},
    "Path | None": {Kind.PATH},
    "float | None": {Kind.NUMBER},
    "int | None": {Kind.WHOLE},
    "tuple[str, ...]": {Kind.MANY, Kind.SETTING, Kind.FORMATS},
}


@pytest.mark.parametrize("option", [option for option in PIP_OPTIONS if option.field], ids=lambda option: option.key)
def test_an_option_sets_one_field_of_its_type(option):
    types = [
        noun.__dataclass_fields__[option.field].type
        for noun in (InstallRequest, IndexSettings, BuildSettings)
        if option.field in noun.__dataclass_fields__
    ]
    assert len(types) == 1
    assert option.kind in KINDS_OF_TYPE[types[0]]


def test_no_name_stands_twice():
    names = [name for option in PIP_OPTIONS for name in (*option.names, *([option.off] if option.off else []))]
    assert len(names) == len(set(names))


def test_a_name_has_one_home():
    told = {name for option in PIP_OPTIONS if option.part for name in option.names if name.startswith("--")}
    elsewhere = {
        str(path.relative_to(PACKAGE)): found
        for path in PACKAGE.rglob("*.py")
        if path != TABLE and (found := {name for name in told if f'"{name}"' in path.read_text(encoding="utf-8")})
    }
    assert elsewhere == {
        # Commands of our own making, whatever the user asked for.
        "frontends/uv/uv_frontend.py": {"--no-deps"},
        "frontends/pip/pip_frontend.py": {"--no-deps", "--retries"},
        "frontends/pip/pip_command.py": {"--target"},
        "foresight.py": {"--no-binary", "--only-binary"},  # in a message
        # An index of our own, which reaches its upstreams with these, not through uv or pip.
        "cli/commands/serve.py": {"--cert", "--client-cert", "--proxy", "--timeout", "--trusted-host"},
    }


# A new option of every kind of reader: only the table changes, before anything has read it.
NEW_OPTION = """
from accel_doctor.requirements import pip_option_table as table

table.PIP_OPTIONS += (
    table.PipOption(
        ("--all-previews", "--previews"), table.Kind.FLAG, "Allow previews.", field="pre", part=table.Part.RESOLVE,
        in_files=True, uv="--prerelease=previews", settled=("UV_PREVIEWS",),
    ),
)
table.OPTION_OF = {option.key: option for option in table.PIP_OPTIONS}

from pathlib import Path

from accel_doctor.cli.commands.install import command
from accel_doctor.frontends.choice import settled_elsewhere
from accel_doctor.frontends.telling import as_arguments
from accel_doctor.frontends.uv.uv_arguments import resolver_arguments as told_uv
from accel_doctor.model.requests import InstallRequest
from accel_doctor.model.machine import Invocation
from accel_doctor.requirements.pip_option_table import ParsedArguments
from accel_doctor.requirements.lines import parse_lines
from accel_doctor.requirements.merged_options import MergedOptions
from accel_doctor.requirements.pip_configuration import KEYS_READ, read_configuration

assert [each.help for each in command.params if "--previews" in each.opts] == ["Allow previews."]

(line,) = parse_lines("--previews", "r.txt", {})
assert line.options == (("all-previews", ""),)

class NoFiles:
    def read(self, location):
        raise OSError(location)

invocation = Invocation({"PIP_PREVIEWS": "1"}, Path("/"))
configuration = read_configuration(invocation, Path("/none"), NoFiles())
assert configuration.flag("all-previews") and "all-previews" in KEYS_READ

merged = MergedOptions(ParsedArguments(), configuration, invocation).fields_of(InstallRequest)
request = InstallRequest((), **merged)
assert request.pre
assert "--all-previews" in as_arguments("pip", request, table.Part.RESOLVE)
assert "--prerelease=previews" in told_uv(request)
assert settled_elsewhere("uv", {"UV_PREVIEWS": "1"}) == {"all-previews"}
"""


def test_a_new_option_is_one_row():
    done = subprocess.run([sys.executable, "-c", NEW_OPTION], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
