"""How far frontends and package managers are, by the lines that they print."""

from __future__ import annotations

import pytest

from accel_doctor.cli.terminal.heard import Heard
from accel_doctor.model.builds import BYTES, Amount


def after(text: str) -> tuple[str, Amount | None]:
    heard = Heard()
    for line in text.splitlines():
        heard.hear(line)
    return heard.doing, heard.amount


UV_RESOLVES = """\
DEBUG Adding direct dependency: flask*
DEBUG Searching for a compatible version of flask (*)
DEBUG Selecting: flask==3.1.3 [compatible] (flask-3.1.3-py3-none-any.whl)
DEBUG Selecting: click==8.5.1 [compatible] (click-8.5.1-py3-none-any.whl)
DEBUG Selecting: flask==3.1.2 [compatible] (flask-3.1.2-py3-none-any.whl)
"""
UV_DOWNLOADS = """\
Resolved 7 packages in 734ms
Downloading numpy (16.0MiB)
Downloading pyqt6-qt6 (80.0MiB)
 Downloaded numpy
"""
PIP = """\
Collecting flask
  Downloading flask-3.1.3-py3-none-any.whl (100 kB)
Collecting click>=8
  Downloading click-8.5.1-py3-none-any.whl (50 kB)
"""
APT = """\
0 upgraded, 2 newly installed, 0 to remove and 5 not upgraded.
Need to get 12.3 MB of archives.
Get:1 http://deb.debian.org/debian trixie/main amd64 gcc amd64 4:14.2.0-1 [1440 B]
0% [2 cpp 0 B/1440 B 0%]
60% [2 cpp 1000 B/1440 B 70%]                    111 kB/s 9min 31s
Unpacking gcc (4:14.2.0-1) ...
"""


@pytest.mark.parametrize(
    ("said", "doing", "amount"),
    [
        (UV_RESOLVES, "2 packages seen", None),
        (UV_DOWNLOADS, "downloading pyqt6-qt6", Amount(16 << 20, 96 << 20, BYTES)),
        (UV_DOWNLOADS + "Prepared 7 packages in 7.35s\n", "", None),
        ("   Building here @ file:///work/here\n", "building here", None),
        ("   Building here @ file:///work/here\n      Built here @ file:///work/here\n", "", None),
        (PIP, "2 packages seen, downloading click-8.5.1-py3-none-any.whl", None),
        (APT, "unpacking gcc", Amount(50, 100, "%")),
        (APT.rpartition("Unpack")[0], "fetching cpp", Amount(20, 100, "%")),
        ("  Installing  : gcc-14.2.1-3.fc41.x86_64    3/17\n", "installing gcc-14.2.1-3.fc41.x86_64", Amount(3, 17)),
        ("[ 3/17] Installing gcc-0:14.2.1-3\n", "installing gcc-0:14.2.1-3", Amount(3, 17)),
        ("( 3/12) installing gcc\n", "installing gcc", Amount(3, 12)),
        ("(3/12) Installing gcc (14.2.0-r6)\n", "installing gcc (14.2.0-r6)", Amount(3, 12)),
    ],
)  # fmt: skip
def test_what_is_heard(said, doing, amount):
    assert after(said) == (doing, amount)


@pytest.mark.parametrize(
    "hostile",
    ["(9/3) x", "(0/0) x", "Downloading x (" + "9" * 500 + "MiB)", "Downloading x (... MiB)", "\x1b[2J" * 500],
)
def test_what_makes_no_sense_is_passed_over(hostile):
    doing, amount = after(hostile)
    assert amount is None or amount.done <= (amount.total or 0)
    assert "\x1b" not in doing
