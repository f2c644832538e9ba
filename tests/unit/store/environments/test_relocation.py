"""Texts that name their place, in every form that installers write them."""

from __future__ import annotations

import ast
import json

import pytest

from accel_doctor.model.stored_environments import Place
from accel_doctor.store.environments.relocation import for_place, without_place

ROOT = "/old/.venv"
SITE = "lib/python3.13/site-packages"


def moved(path, text, root="/new place/it's"):
    normal = without_place(path, text.encode(), ROOT)
    assert normal is None or ROOT.encode() not in normal
    place = Place(root, "/usr/bin", "/usr/bin/python3.13", "3.13.9")
    return None if normal is None else for_place(path, normal, place).decode()


@pytest.mark.parametrize(
    "first",
    [
        "#!/old/.venv/bin/python3\n",
        "#!/bin/sh\n'''exec' /old/.venv/bin/python3 \"$0\" \"$@\"\n' '''\n",
        "#!/bin/sh\n'''exec' '/old/.venv/bin/python3' \"$0\" \"$@\"\n' '''\n",
        "#!/bin/sh\n'''exec' \"/old/.venv/bin/python3\" \"$0\" \"$@\"\n' '''\n",
    ],
)
def test_first_lines_take_the_form_that_their_new_path_needs(first):
    body = "import sys\n"
    assert moved("bin/x", first + body, "/short") == f"#!/short/bin/python3\n{body}"
    shell = "#!/bin/sh\n'''exec' {} \"$0\" \"$@\"\n' '''\n"
    assert moved("bin/x", first + body, "/a b") == shell.format("'/a b/bin/python3'") + body
    assert moved("bin/x", first + body) == shell.format("'/new place/it'\"'\"'s/bin/python3'") + body
    long = "/" + "l" * 120
    assert moved("bin/x", first + body, long) == shell.format(f"{long}/bin/python3") + body


def test_arguments_of_the_interpreter_stay():
    assert moved("bin/x", "#!/old/.venv/bin/python -Es\n", "/n") == "#!/n/bin/python -Es\n"
    assert moved("bin/x", "#!/old/.venv/bin/python -Es\n", "/n n") == (
        "#!/bin/sh\n'''exec' '/n n/bin/python' -Es \"$0\" \"$@\"\n' '''\n"
    )


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("activate", 'VIRTUAL_ENV="/old/.venv"\n', "VIRTUAL_ENV='/new place/it'\"'\"'s'\n"),
        ("activate", "VIRTUAL_ENV=/old/.venv\nexport VIRTUAL_ENV\n",
         "VIRTUAL_ENV='/new place/it'\"'\"'s'\nexport VIRTUAL_ENV\n"),
        ("activate", "x=$(cygpath /old/.venv)\n", "x=$(cygpath '/new place/it'\"'\"'s')\n"),
        ("activate.csh", "setenv VIRTUAL_ENV '/old/.venv'\n", "setenv VIRTUAL_ENV '/new place/it'\"'\"'s'\n"),
        ("activate.fish", 'set -gx VIRTUAL_ENV "/old/.venv"\n', "set -gx VIRTUAL_ENV '/new place/it\\'s'\n"),
        ("activate.nu", "const virtual_env = '/old/.venv'\n", 'const virtual_env = "/new place/it\'s"\n'),
        ("activate.xsh", '$VIRTUAL_ENV = "/old/.venv"\n', '$VIRTUAL_ENV = "/new place/it\'s"\n'),
        ("activate.ps1", "$v = '/old/.venv'\n", "$v = '/new place/it''s'\n"),
    ],
)  # fmt: skip
def test_activate_is_quoted_for_its_shell(name, before, after):
    assert moved(f"bin/{name}", before) == after


def test_paths_in_json_and_urls():
    kernel = json.dumps({"argv": ["/old/.venv/bin/python", "-m", "ipykernel"]})
    assert (
        json.loads(moved("share/jupyter/kernels/python3/kernel.json", kernel))["argv"][0]
        == "/new place/it's/bin/python"
    )
    url = json.dumps({"url": "file:///old/.venv/src/x", "dir_info": {"editable": True}})
    path = f"{SITE}/x-1.dist-info/direct_url.json"
    assert json.loads(moved(path, url))["url"] == "file:///new%20place/it%27s/src/x"


def test_editable_projects_outside_stay_where_they_are():
    assert moved(f"{SITE}/x.pth", "/home/me/project/src\n") is None
    assert moved(f"{SITE}/x.pth", "/old/.venv/src/x\n") == "/new place/it's/src/x\n"
    finder = moved(f"{SITE}/__editable___x_finder.py", "MAPPING = {'x': '/home/me/x', 'y': '/old/.venv/src/y'}\n")
    assert ast.literal_eval(finder.partition(" = ")[2]) == {"x": "/home/me/x", "y": "/new place/it's/src/y"}


def test_what_wheels_brought_and_what_only_looks_alike_is_left_alone():
    assert moved(f"{SITE}/package/config.py", "PREFIX = '/old/.venv'\n") is None
    assert moved("bin/x", "see /very/old/.venv and /old/.venv-2 and /old/.venv.bak\n") is None
    assert moved("bin/tool", "\0ELF /old/.venv") is None


def test_the_configuration_names_this_machines_interpreter():
    text = (
        "home = /opt/python/bin\ninclude-system-site-packages = false\nversion = 3.13.1\n"
        "executable = /opt/python/bin/python3.13\ncommand = /opt/python/bin/python3 -m venv /old/.venv\n"
    )
    assert moved("pyvenv.cfg", text, "/n") == (
        "home = /usr/bin\ninclude-system-site-packages = false\nversion = 3.13.9\n"
        "executable = /usr/bin/python3.13\ncommand = /usr/bin/python3.13 -m venv /n\n"
    )
