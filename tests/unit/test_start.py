"""What a process imports before it gets to work: a look-up is over sooner than importing all that others need."""

import json
import subprocess
import sys

import pytest

import accel_doctor.model

LOOK_UP = """
import json, sys
before = set(sys.modules)
from accel_doctor.fileindex import find_index, rank
from accel_doctor.model import Distribution, Need
first = rank(Need.parse("header:zlib.h"), find_index(Distribution("debian", "13"))).candidates[0]
print(json.dumps([first.package.name, sorted(set(sys.modules) - before)]))
"""
SLOW = {"dataclasses", "inspect", "pathlib", "re", "typing", "yaml", "packaging", "click", "jinja2"}


def test_a_look_up_imports_little():
    shown = subprocess.run([sys.executable, "-c", LOOK_UP], check=True, capture_output=True, text=True).stdout
    package, imported = json.loads(shown)
    assert package == "zlib1g-dev"
    assert SLOW.isdisjoint(imported)
    nouns = {name.rpartition(".")[2] for name in imported if name.startswith("accel_doctor.model.")}
    assert nouns == {"confidence", "distributions", "needs"}


def test_every_noun_is_to_be_had():
    for noun in accel_doctor.model.__all__:
        assert getattr(accel_doctor.model, noun).__module__.startswith(("accel_doctor.model.", "types", "typing"))
    with pytest.raises(AttributeError, match="module 'accel_doctor.model' has no attribute 'Nouns'"):
        accel_doctor.model.Nouns  # noqa: B018


# What only a run needs in which something fails, is built, or is fetched.
OF_OTHER_RUNS = {
    *("accel_doctor.rulebook", "accel_doctor.diagnosis", "accel_doctor.builder.linkage"),
    *("concurrent.futures", "ssl", "yaml"),
}


def test_an_installation_in_which_all_is_well_imports_no_rules():
    program = (
        "import sys, accel_doctor.cli.commands.install, accel_doctor.cli.assembly, accel_doctor.cli.preparation as _"
    )
    shown = subprocess.run(
        [sys.executable, "-c", f"{program}\nprint(*sys.modules)"], check=True, capture_output=True, text=True
    ).stdout
    assert OF_OTHER_RUNS.isdisjoint(shown.split())
