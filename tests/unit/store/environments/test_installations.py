"""Kept installations: the next environment gets the same files, as links; whatever does not fit is left alone."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from accel_doctor.store.environments import installations as installations_module
from accel_doctor.store.environments.collecting import collect
from accel_doctor.store.environments.inspecting import damage
from accel_doctor.store.environments.installation import (
    Conditions,
    Files,
    installation_from_bytes,
    installation_to_bytes,
)
from accel_doctor.store.environments.installations import FILES, MANIFEST, Installations
from accel_doctor.store.environments.recorded import NotKeptError
from accel_doctor.store.environments.repeating import NotRepeatedError, repeat

KEY, OTHER = "a" * 64, "b" * 64
SITE = "lib/python3.13/site-packages"
INFORMATION = f"{SITE}/greeting-1.0.dist-info"
NOTHING = Conditions({}, [], {}, {}, {})


def recorded(content: str) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(content.encode()).digest()).rstrip(b"=").decode()
    return f"sha256={digest},{len(content.encode())}"


def script_for(root: Path) -> str:
    return f"#!{root}/bin/python\nprint('hello')\n"


class Shop:
    """Fresh environments, an installer that links out of its own cache, and what is kept."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.linked = {
            f"{SITE}/greeting/__init__.py": "WORDS = 'hello'\n",
            f"{SITE}/greeting/words/de.py": "WORDS = 'hallo'\n",
            f"{SITE}/greeting_c.so": "\0ELF",
            f"{INFORMATION}/METADATA": "Metadata-Version: 2.1\nName: greeting\nVersion: 1.0\n",
            f"{INFORMATION}/licenses/vendored-1.dist-info/LICENSE": "do\n",
            f"{SITE}/greeting/vendored-1.dist-info/RECORD": "",
            "share/man/man1/greet.1": "greet\n",
        }
        for path, text in self.linked.items():
            (directory / "cache" / path).parent.mkdir(parents=True, exist_ok=True)
            (directory / "cache" / path).write_text(text)
        self.kept = Installations(directory / "installations")
        self.held: list[str] = []

    def fresh(self, name: str) -> Path:
        root = self.directory / name
        (root / SITE).mkdir(parents=True)
        (root / "bin").mkdir()
        (root / "pyvenv.cfg").write_text("include-system-site-packages = false\n")
        return root

    def installed(self, name: str) -> Path:
        root = self.fresh(name)
        for path in self.linked:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            os.link(self.directory / "cache" / path, root / path)
        (root / "bin/greet").write_text(script_for(root))
        (root / "bin/greet").chmod(0o755)
        (root / INFORMATION / "INSTALLER").write_text("uv")
        self.record(root)
        return root

    def record(self, root: Path, *more: str) -> None:
        rows = [f"{os.path.relpath(path, SITE)},{recorded(text)}" for path, text in self.linked.items()]
        rows += [f"../../../bin/greet,{recorded(script_for(root))}", "greeting-1.0.dist-info/RECORD,,", *more]
        (root / INFORMATION / "RECORD").write_text("".join(f"{row}\n" for row in rows))

    def keep(self, root: Path, key: str = KEY, metadata: tuple[str, ...] = (INFORMATION,)) -> None:
        collected = collect(str(root), metadata, packages=1, built=0, quiet=False, conditions=NOTHING, touched=[])
        self.kept.keep(key, collected, self.held.append)

    def repeat(self, root: Path, key: str = KEY) -> Path:
        kept = self.kept.find(key)
        assert kept
        repeat(self.kept, key, kept, str(root))
        return root


@pytest.fixture
def shop(tmp_path):
    return Shop(tmp_path)


def contents(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_the_next_environment_gets_the_same(shop):
    one = shop.installed("one")
    shop.keep(one)
    other = shop.repeat(shop.fresh("a place/other"))
    there = contents(other)
    assert there.keys() == contents(one).keys()
    for path in shop.linked:
        assert (other / path).samefile(one / path)
    assert there["bin/greet"].decode() == (
        f"#!/bin/sh\n'''exec' '{other}/bin/python' \"$0\" \"$@\"\n' '''\nprint('hello')\n"  # for the blank
    )
    assert os.access(other / "bin/greet", os.X_OK)
    assert f"../../../bin/greet,{recorded(there['bin/greet'].decode())}\n" in there[f"{INFORMATION}/RECORD"].decode()
    third = shop.repeat(shop.fresh("third"))
    assert contents(third)["bin/greet"].decode() == script_for(third)
    shop.record(one)
    record = (one / INFORMATION / "RECORD").read_text()
    expected = record.replace(recorded(script_for(one)), recorded(script_for(third)))
    assert (third / INFORMATION / "RECORD").read_text() == expected


def test_what_differs_from_place_to_place_is_not_shared(shop):
    one = shop.installed("one")
    shop.keep(one)
    other = shop.repeat(shop.fresh("other"))
    for path in ("bin/greet", f"{INFORMATION}/RECORD"):
        assert (one / path).stat().st_nlink == (other / path).stat().st_nlink == 1


def test_a_file_edited_in_one_environment_reaches_no_other(shop):
    one = shop.installed("one")
    shop.keep(one)
    with (one / SITE / "greeting/__init__.py").open("a") as stream:
        stream.write("WORDS = 'tampered'\n")
    with pytest.raises(NotRepeatedError) as caught:
        shop.repeat(shop.fresh("other"))
    assert caught.value.message == f"{SITE}/greeting/__init__.py was changed since it was installed"
    assert caught.value.damaged
    assert not (shop.directory / "other" / INFORMATION).exists()


@pytest.mark.parametrize("path", [f"{SITE}/greeting", f"{SITE}/greeting_c.so", "bin/greet", INFORMATION])
def test_what_is_in_the_way_is_left_and_nothing_is_done(shop, path):
    shop.keep(shop.installed("one"))
    other = shop.fresh("other")
    (other / path).write_text("mine")
    with pytest.raises(NotRepeatedError) as caught:
        shop.repeat(other)
    assert caught.value.message == f"{path} is there already"
    assert not caught.value.damaged
    assert contents(other) == {path: b"mine", "pyvenv.cfg": b"include-system-site-packages = false\n"}


def test_a_link_in_the_place_of_a_directory_is_not_followed(shop):
    shop.keep(shop.installed("one"))
    other = shop.fresh("other")
    (other / "share").symlink_to(shop.directory / "cache")
    with pytest.raises(NotRepeatedError, match="File exists"):
        shop.repeat(other)
    assert sorted(path.name for path in (shop.directory / "cache").iterdir()) == ["lib", "share"]


def test_a_missing_file_is_damage(shop):
    shop.keep(shop.installed("one"))
    (shop.kept.place(KEY) / FILES / "0/0").unlink()
    with pytest.raises(NotRepeatedError, match="what was kept is not whole: ") as caught:
        shop.repeat(shop.fresh("other"))
    assert caught.value.damaged


def copied(shop, root):
    for path in shop.linked:
        content = (root / path).read_bytes()
        (root / path).unlink()
        (root / path).write_bytes(content)


def compiled(shop, root):
    (root / SITE / "greeting/__pycache__").mkdir()
    (root / SITE / "greeting/__pycache__/__init__.cpython-313.pyc").write_bytes(b"")


def elsewhere(shop, root):
    (root / "bin/greet").write_text("#!/other/env/bin/python\n")


def linked_away(shop, root):
    (root / SITE / "greeting/words/de.py").unlink()
    (root / SITE / "greeting/words/de.py").symlink_to("/etc/passwd")


def unrecorded(shop, root):
    (root / INFORMATION / "RECORD").unlink()


def outside(shop, root):
    shop.record(root, "../../../../other/file,,")


def absolute(shop, root):
    shop.record(root, "/etc/passwd,,")


def binary_record(shop, root):
    (root / INFORMATION / "RECORD").write_bytes(b"\xff")


def with_comma(shop, root):
    (root / "bin/a,b").write_text(script_for(root))
    shop.record(root, '"../../../bin/a,b",,')


def anothers(shop, root):
    os.chown(root / SITE / "greeting_c.so", 4711, 4711)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (copied, "the frontend copies what it installs"),
        (compiled, "bytecode was made, which no record lists"),
        (elsewhere, "bin/greet names another place than this environment"),
        (linked_away, f"{SITE}/greeting/words/de.py is no file that can be linked"),
        (unrecorded, "{root}/{information}/RECORD is missing"),
        (outside, "../../../../other/file is outside of the environment"),
        (absolute, "/etc/passwd is outside of the environment"),
        (binary_record, "'utf-8' codec can't decode byte 0xff"),
        (with_comma, "{information}/RECORD has a script with a comma in its name"),
        pytest.param(
            anothers,
            f"{SITE}/greeting_c.so is no file that can be linked",
            marks=pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away"),
        ),
    ],
)
def test_what_links_cannot_make_again_is_not_kept(shop, change, reason):
    root = shop.installed("one")
    change(shop, root)
    with pytest.raises(NotKeptError) as caught:
        shop.keep(root)
    assert reason.format(root=root, information=INFORMATION) in str(caught.value)
    assert shop.kept.find(KEY) is None
    assert shop.kept.left_behind() == []


def test_an_installation_beside_others_is_not_kept(shop):
    with pytest.raises(NotKeptError, match="something was there before, or was not installed"):
        shop.keep(shop.installed("one"), metadata=(INFORMATION, f"{SITE}/pip-1.dist-info"))


@pytest.mark.parametrize("cut", [0, 10, 100, -1])
def test_a_damaged_manifest_counts_as_none(shop, cut):
    shop.keep(shop.installed("one"))
    manifest = shop.kept.place(KEY) / MANIFEST
    manifest.write_bytes(manifest.read_bytes()[:cut])
    assert shop.kept.find(KEY) is None
    shop.keep(shop.installed("other"))
    assert shop.kept.find(KEY)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_another_users_is_not_used(shop):
    shop.keep(shop.installed("one"))
    os.chown(shop.kept.place(KEY) / MANIFEST, 4711, 4711)
    assert shop.kept.find(KEY) is None


@pytest.mark.parametrize(
    "directories",
    [{"../x": ""}, {"/etc": ""}, {"a/b": ""}, {"..": ""}, {"a": 5}, {"a\0": ""}, []],
)
def test_a_form_that_does_not_fit_is_refused(directories):
    fields = {
        "schema": 1,
        "packages": 1,
        "built": 0,
        "quiet": False,
        "conditions": NOTHING._asdict(),
        "touched": [],
        "placed": [],
    }
    text = json.dumps({**fields, "records": {}, "directories": directories}).encode()
    with pytest.raises(ValueError, match="it has not the form of schema 1|is not one directory below another"):
        installation_from_bytes(hashlib.sha256(text).hexdigest().encode() + b"\n" + text)


@pytest.mark.parametrize("text", ["../1/1", "./1/1", "/1/1", "a/1", "a/x/1", "a/1/1/b"])
def test_a_name_that_is_none_is_refused(text):
    with pytest.raises(ValueError, match="a name is none|zip|invalid literal"):
        Files(1, text).rows()


def test_a_kept_installation_is_read_as_it_was_written(shop):
    shop.keep(shop.installed("one"))
    kept = shop.kept.find(KEY)
    assert installation_from_bytes(installation_to_bytes(kept)).placed == kept.placed == {"bin/greet"}
    assert [len(files) for files in kept.directories.values()] == [
        len(files.rows()) for files in kept.directories.values()
    ]


def test_the_ones_used_last_stay(shop, monkeypatch):
    monkeypatch.setattr(installations_module, "MOST", 2)
    for number, key in enumerate((KEY, OTHER)):
        shop.keep(shop.installed(key[:1]), key)
        os.utime(shop.kept.place(key) / MANIFEST, (number, number))
    shop.repeat(shop.fresh("again"), KEY)
    shop.keep(shop.installed("c"), "c" * 64)
    assert sorted(shop.kept.stored_keys()) == [KEY, "c" * 64]
    assert shop.kept.left_behind() == []


def test_only_what_nothing_else_has_counts(shop):
    one = shop.installed("one")
    shop.keep(one)
    before = shop.kept.size(KEY)
    shutil.rmtree(one)
    shutil.rmtree(shop.directory / "cache")
    assert shop.kept.size(KEY) == before + sum(len(text) for text in shop.linked.values())


def test_what_is_wrong_with_one_is_said(shop):
    one = shop.installed("one")
    shop.keep(one)
    assert damage(shop.kept, KEY) is None
    source = one / SITE / "greeting/__init__.py"
    times = source.stat()
    source.write_text("WORDS = 'HELLO'\n")
    assert damage(shop.kept, KEY) == f"{SITE}/greeting/__init__.py was changed"
    os.utime(source, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert damage(shop.kept, KEY) == f"{SITE}/greeting/__init__.py has not the hash of its RECORD"
    source.write_text("WORDS = 'hello'\n")
    os.utime(source, ns=(times.st_atime_ns, times.st_mtime_ns))
    (shop.kept.place(KEY) / FILES / "0/1").unlink()
    assert damage(shop.kept, KEY).endswith(" is missing")
    (shop.kept.place(KEY) / MANIFEST).unlink()
    assert damage(shop.kept, KEY) == "its manifest cannot be read"
    shop.kept.forget(KEY)
    assert shop.kept.stored_keys() == []


# Killed by its own hand after so many lines of the code that keeps and repeats, so that the moments are spread evenly.
KILLED = """
import os, shutil, signal, sys
from pathlib import Path
from accel_doctor.store.environments import collecting
from accel_doctor.store.environments import halves
from accel_doctor.store.environments import installations
from accel_doctor.store.environments import repeating
from accel_doctor.store.environments.installation import Conditions

root, work, key, lines, keeping = sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]), sys.argv[5] == "keep"
process = os.getpid()
halves._WORTH_IT = 2
TRACED = {module.__file__ for module in (collecting, installations, repeating, shutil)}

def trace(frame, event, argument):
    global lines
    if frame.f_code.co_filename not in TRACED:
        return None
    lines -= 1
    if lines <= 0 and os.getpid() == process:
        os.kill(process, signal.SIGKILL)
    return trace

kept = installations.Installations(work / "installations")
sys.settrace(trace)
if keeping:
    information = "lib/python3.13/site-packages/greeting-1.0.dist-info"
    nothing = Conditions({}, [], {}, {}, {})
    what = {"packages": 1, "built": 0, "quiet": False, "conditions": nothing, "touched": []}
    kept.keep(key, collecting.collect(root, [information], **what), print)
else:
    repeating.repeat(kept, key, kept.find(key), root)
"""
MOMENTS = 80


def was_killed(shop, root: Path, lines: int, *, keeping: bool) -> bool:
    """Whether keeping or repeating was killed after so many lines, before it was done."""
    command = [sys.executable, "-c", KILLED, root, shop.directory, KEY, str(lines), "keep" if keeping else "repeat"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode in (0, -9), done.stderr
    return done.returncode == -9


def test_killed_at_any_moment_what_is_kept_is_whole(shop):
    one = shop.installed("one")
    moment = 0
    while was_killed(shop, one, 6 * moment + 1, keeping=True):
        if shop.kept.stored_keys():
            assert damage(shop.kept, KEY) is None
            shop.kept.forget(KEY)
        moment += 1
        assert moment < 3 * MOMENTS
    assert moment > MOMENTS / 2
    assert damage(shop.kept, KEY) is None


def test_killed_at_any_moment_nothing_counts_as_installed_that_is_not_there(shop):
    one = shop.installed("one")
    shop.keep(one)
    expected = contents(one).keys()
    moment = 0
    while was_killed(shop, other := shop.fresh(f"other-{moment}"), 5 * moment + 1, keeping=False):
        if (other / INFORMATION).exists():
            assert contents(other).keys() == expected
        moment += 1
        assert moment < 3 * MOMENTS
    assert moment > MOMENTS / 2
    assert contents(other).keys() == expected
