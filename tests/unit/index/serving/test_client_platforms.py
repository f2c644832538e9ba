"""What clients tell of their machine."""

from __future__ import annotations

import json

import pytest

from accel_doctor.index.serving.client_platforms import client_platform

DEBIAN = {"name": "Debian GNU/Linux", "version": "12", "id": "bookworm", "libc": {"lib": "glibc", "version": "2.36"}}


def agent(installer="pip", distro=DEBIAN, **more):
    return f"{installer}/1.0 {json.dumps({'installer': {'name': installer, **more}, 'distro': distro})}"


@pytest.mark.parametrize(
    ("text", "platform"),
    [
        (agent(), "debian-12"),
        (agent("uv", subcommand=["pip", "install"]), "debian-12"),
        (agent("uv", {"name": "Ubuntu", "version": "24.04"}, subcommand=["pip", "sync"]), "ubuntu-24.04"),
        (agent("uv", subcommand=["lock"]), None),
        (agent("uv", subcommand=["sync"]), None),
        (agent(distro={"name": "Windows", "version": "11"}), None),
        (agent(distro={"name": "Ubuntu", "version": "../../x"}), None),
        (agent(distro={"name": ["Ubuntu"], "version": "24.04"}), None),
        (agent(distro={"name": "Ubuntu"}), None),
        (agent(distro=None), None),
        (agent(subcommand=7), None),
        ("pip/1.0 {}", None),
        ("pip/1.0 []", None),
        (f"pip/1.0 {'[' * 4000}", None),
        (f"pip/1.0 {json.dumps({'x': 'y' * 5000})}", None),
        ("Mozilla/5.0 (X11; Linux x86_64)", None),
        ("", None),
    ],
)
def test_pip_and_uv_tell_their_distribution_and_others_do_not(text, platform):
    assert client_platform(text) == platform
