"""Nothing but a wheel is taken from a build, whatever its backend left there."""

from __future__ import annotations

import os
import zipfile

import pytest

from accel_doctor.builder.returned import taken_wheel

NAME = "a_b-1.0-py3-none-any.whl"
METADATA = "Metadata-Version: 2.1\nName: A.b\nVersion: 1\n"


@pytest.fixture
def output(tmp_path):
    (tmp_path / "output").mkdir()
    return tmp_path / "output"


def make(path, metadata=METADATA, files=("WHEEL",), directory="a_b-1.0.dist-info"):
    with zipfile.ZipFile(path, "w") as archive:
        for file in files:
            archive.writestr(f"{directory}/{file}", "Wheel-Version: 1.0\n")
        if metadata is not None:
            archive.writestr(f"{directory}/METADATA", metadata)
    return path


def test_a_wheel_is_copied_with_a_mode_of_ours(output, tmp_path):
    made = make(output / NAME)
    made.chmod(0o4777)
    kept = taken_wheel(made, tmp_path / "kept")
    assert kept.read_bytes() == made.read_bytes()
    assert (kept.stat().st_mode & 0o7002, kept.stat().st_uid) == (0, os.geteuid())
    made.write_bytes(b"later")  # by a daemon of the build
    assert zipfile.is_zipfile(kept)


def test_a_link_is_not_followed(output, tmp_path):
    secret = make(tmp_path / "secret")
    for target in (secret, "/etc/shadow", "nowhere"):
        (output / NAME).symlink_to(target)
        with pytest.raises(ValueError, match="it is a symlink"):
            taken_wheel(output / NAME, tmp_path / "kept" if target == secret else tmp_path / str(len(str(target))))
        (output / NAME).unlink()
    assert [path for path in tmp_path.rglob("*.whl") if path.is_file()] == []


def test_a_special_file_is_not_opened_for_long(output, tmp_path):
    os.mkfifo(output / NAME)
    with pytest.raises(ValueError, match="not a regular file"):
        taken_wheel(output / NAME, tmp_path / "kept")
    (output / NAME).unlink()
    (output / NAME).mkdir()
    with pytest.raises(ValueError, match="not a regular file"):
        taken_wheel(output / NAME, tmp_path / "other")


@pytest.mark.parametrize(
    ("name", "wheel"),
    [
        (NAME, None),
        (NAME, {"metadata": None}),
        (NAME, {"files": ()}),
        (NAME, {"directory": "a/a_b-1.0.dist-info"}),
        (NAME, {"metadata": METADATA.replace("A.b", "other")}),
        (NAME, {"metadata": METADATA.replace("Version: 1\n", "Version: 2\n")}),
        (NAME, {"metadata": ""}),
        ("a_b.whl", {}),
        ("a b-1.0-py3-none-any.whl", {}),
        ("a_b-1.0-py3.whl", {}),
    ],
)
def test_what_is_no_wheel_is_refused(output, tmp_path, name, wheel):
    if wheel is None:
        (output / name).write_bytes(b"root:x:0:0\n" * 100)
    else:
        make(output / name, **wheel)
    with pytest.raises(ValueError, match=r"^(it|its) "):
        taken_wheel(output / name, tmp_path / "kept")
