"""Check what setup scripts of older Pythons are given back."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from accel_doctor.older_python import rewritten

USES = """
import collections, configparser, inspect, os, re, sys
from collections import MutableMapping
text = open("setup.cfg", "rU").read()
parser = configparser.SafeConfigParser()
with open("setup.cfg", "U") as stream:
    parser.readfp(stream)
assert re.compile("x(?i)y").match("XY") and re.search("a(?s).b", "a" + chr(10) + "b") and re.sub("b", "c", "ab") == "ac"
assert re.match("X", "x", re.I) and issubclass(dict, MutableMapping) and os.errno.ENOENT == 2
assert inspect.getargspec(lambda a, b=1: 0)[0] == ["a", "b"]

def get_version():
    with open("version.py") as f:
        exec(compile(f.read(), "version.py", "exec"))
    return locals()["__version__"]

import imp, pipes
assert imp.load_source("own_version", "version.py").__version__ == "1.2"
print(parser["metadata"]["name"], get_version(), pipes.quote("a b"))
"""


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "begin", ["", "#!/usr/bin/python\n# coding: latin-1\n", '"""Words."""\nfrom __future__ import annotations\n']
)
def test_an_old_script_runs(tmp_path: Path, begin: str) -> None:
    (tmp_path / "setup.cfg").write_text("[metadata]\nname = old\n")
    (tmp_path / "version.py").write_text("__version__ = '1.2'\n")
    script = tmp_path / "setup.py"
    script.write_text(rewritten(begin + USES))
    asked = [sys.executable, "-W", "ignore", script.name]
    done = subprocess.run(asked, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("old 1.2 'a b'\n", "")


def test_comments_that_begin_a_script_stay_in_front() -> None:
    assert rewritten("# coding: latin-1\nx = 1\n").startswith("# coding: latin-1\n\ndef _older_python():")
