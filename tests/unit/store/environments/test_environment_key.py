"""What decides which environment is the right one."""

from __future__ import annotations

import pytest

from accel_doctor.store.environments.environment_cache import environment_facts, environment_key, likeness

FILES = {"requirements.txt": "1" * 64, "uv.lock": "2" * 64}
MACHINE = {"version": "3.13", "soabi": "cpython-313", "platform": "linux-x86_64", "libc": "glibc 2.41"}


def key(files=FILES, machine=MACHINE, arguments=("-r", "x"), variables=(("CC", "gcc"),)):
    return environment_key(environment_facts(files, machine, arguments, dict(variables)))


def test_the_same_facts_have_the_same_key_in_any_order():
    assert key() == key(files=dict(reversed(FILES.items())), machine=dict(reversed(MACHINE.items())))


@pytest.mark.parametrize(
    "other",
    [
        {"files": FILES | {"uv.lock": "3" * 64}},
        {"files": {"requirements.txt": "1" * 64}},
        {"files": {"requirements.in": "1" * 64, "uv.lock": "2" * 64}},
        {"machine": MACHINE | {"version": "3.14"}},
        {"machine": MACHINE | {"libc": "glibc 2.36"}},
        {"arguments": ("-r", "y")},
        {"variables": (("CC", "clang"),)},
        {"variables": ()},
    ],
    ids=str,
)
def test_what_changes_the_result_changes_the_key(other):
    assert key(**other) != key()


def test_values_of_variables_are_not_among_the_facts():
    assert "secret" not in str(environment_facts(FILES, MACHINE, (), {"PIP_CONFIG": "secret"}))


def test_an_environment_of_another_machine_is_not_near():
    here = environment_facts(FILES, MACHINE)
    assert likeness(here, environment_facts(FILES, MACHINE | {"version": "3.12"})) == 0
    assert likeness(here, here) > likeness(here, environment_facts(FILES | {"uv.lock": "9" * 64}, MACHINE)) > 0
