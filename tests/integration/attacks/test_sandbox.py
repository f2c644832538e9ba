"""Builds that try what no build may do: as root, whose builds are nobody's, as root of its own directory, and as an
ordinary user. One installation tries everything, in each hook, beside another build; what came of it is in its wheel.
"""

from __future__ import annotations

import io
import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import tarfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pytest

from accel_doctor.store import cache_root

SUPPORT = Path(__file__).parents[2] / "support"
USER = 4711
PROJECT = '[build-system]\nrequires = []\nbuild-backend = "{0}_backend"\nbackend-path = ["."]\n'
METADATA = "Metadata-Version: {1}\nName: {0}\nVersion: 1.0\n"
SECRETS = {
    "GITHUB_TOKEN": "1", "AWS_SECRET_ACCESS_KEY": "2", "AWS_SESSION_TOKEN": "3", "PGPASSWORD": "4",
    "UV_INDEX_PRIVATE_PASSWORD": "5", "DATABASE_URL": "postgres://me:6@localhost/x", "NETRC": "/root/.netrc",
    "SSH_AUTH_SOCK": "/tmp/agent", "DOCKER_AUTH_CONFIG": "{}", "HF_TOKEN": "7", "OPENAI_API_KEY": "8",
    "SENTRY_DSN": "https://9@sentry", "KUBECONFIG": "/root/.kube/config", "GOOGLE_APPLICATION_CREDENTIALS": "/x.json",
    "PIP_INDEX_URL": "https://me:10@localhost/simple", "CI_JOB_JWT": "11", "MYSQL_PWD": "12", "my_secret": "13",
}  # fmt: skip
# As docs/explanation/trust.md says
LEFT_TO_MOUNTS = re.compile(
    r": (?:change the mode|change the times|set an attribute)$|^(?:socket of another program: file$|shared memory of)"
)
VICTIM = """
import os, pathlib, time
from hostile_backend import write_wheel

def hooks():
    # of the other build, as they run now
    found = set()
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            words = pathlib.Path("/proc", entry, "cmdline").read_text(errors="replace").split("\\0")
        except OSError:
            continue
        if any("/hostile-" in word and "/environment/" in word for word in words):
            found.update({"get_requires_for_build_wheel", "build_wheel"}.intersection(words))
    return found

def build_wheel(directory, settings=None, metadata=None):
    secret = pathlib.Path("secret.txt")
    begun, seen = time.monotonic(), False
    while time.monotonic() < begun + 20 and not (seen and not hooks()):
        seen = seen or "build_wheel" in hooks()
        time.sleep(0.05)
    return write_wheel(directory, "victim", {"victim_saw.txt": secret.read_text() + oct(secret.stat().st_mode)})
"""


def sdist(directory: Path, project: str, files: Mapping[str, str], metadata: str = "2.2") -> Path:
    """Write a source distribution with a backend of its own; return its path. Metadata before 2.2 have to be built."""
    path = directory / f"{project}-1.0.tar.gz"
    texts = {"pyproject.toml": PROJECT.format(project), "PKG-INFO": METADATA.format(project, metadata), **files}
    with tarfile.open(path, "w:gz") as archive:
        for name, text in texts.items():
            member = tarfile.TarInfo(f"{project}-1.0/{name}")
            member.size, member.mode = len(text.encode()), 0o644
            archive.addfile(member, io.BytesIO(text.encode()))
    return path


@dataclass
class Listener:
    """Servers that note who came: TCP, UDP, and sockets of this machine."""

    port: int = 0
    heard: list[str] = field(default_factory=list)
    sockets: list[socket.socket] = field(default_factory=list)

    def add(
        self, family: socket.AddressFamily, kind: socket.SocketKind, address: str | tuple[str, int]
    ) -> socket.socket:
        made = socket.socket(family, kind)
        made.bind(address)
        if kind == socket.SOCK_STREAM:
            made.listen()
        self.sockets.append(made)
        threading.Thread(target=self._serve, args=(made, f"{family.name} {kind.name}"), daemon=True).start()
        return made

    def _serve(self, made: socket.socket, name: str) -> None:
        while True:
            try:
                if made.type == socket.SOCK_STREAM:
                    made.accept()[0].close()
                else:
                    made.recvfrom(100)
            except OSError:
                return
            self.heard.append(name)


@dataclass
class Place:
    """A user's home, caches and servers, which builds attack."""

    python: Path
    top: Path
    uid: int
    listener: Listener
    mark: str
    terminal: str
    shared_memory: Path

    @property
    def variables(self) -> dict[str, str]:
        return {
            "PATH": f"{os.environ['PATH']}:{self.top}/closed/bin", "LC_ALL": "C.UTF-8", "HOME": str(self.top / "home"),
            "TMPDIR": str(self.top / "tmp"), "UV_CACHE_DIR": str(self.top / "uv"), "UV_OFFLINE": "1",
            "ACCEL_DOCTOR_CACHE_DIR": str(self.top / "cache"), "ACCEL_DOCTOR_CONFIG_DIR": str(self.top / "none"),
        }  # fmt: skip

    def run(self, *words: object, variables: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        who = {} if self.uid == os.geteuid() else {"user": self.uid, "group": self.uid, "extra_groups": ()}
        command = [str(self.python), "-m", "accel_doctor", *map(str, words)]
        return subprocess.run(
            command, env={**self.variables, **(variables or {})}, cwd=self.top / "tmp", capture_output=True, text=True,
            stdin=subprocess.DEVNULL, timeout=120, check=False, **who,  # type: ignore[call-overload]
        )  # fmt: skip

    @property
    def heard(self) -> list[str]:
        """Return what reached the servers, but for what nothing keeps off without mounts."""
        return [one for one in self.listener.heard if self.has_own_mounts or not one.startswith("AF_UNIX")]

    @cached_property
    def has_own_mounts(self) -> bool:
        """Return whether builds can have mounts of their own: no ordinary user can in a chroot, nor where namespaces of
        users are turned off."""
        who = {} if self.uid == os.geteuid() else {"user": self.uid, "group": self.uid, "extra_groups": ()}
        code = "from accel_doctor.system.process.own_mounts import has_own_mounts as h; raise SystemExit(not h())"
        command = [str(self.python), "-c", code]
        return not subprocess.run(command, cwd="/", check=False, **who).returncode  # type: ignore[call-overload]

    def succeeded(self, outcomes: Mapping[str, str]) -> list[str]:
        """Return the attacks that succeeded, but for those that nothing keeps off without mounts."""
        done = [name for name, outcome in outcomes.items() if outcome == "done"]
        return done if self.has_own_mounts else [name for name in done if not LEFT_TO_MOUNTS.search(name)]

    def install(self, *words: object, variables: Mapping[str, str] | None = None) -> Mapping[str, str]:
        """Install into a directory; return the texts of its files."""
        target = self.top / "tmp" / secrets.token_hex(4)
        options = ("--no-system", "--no-verify", "--no-index", "--jobs", "2", "--target", target)
        done = self.run("install", *options, *words, variables=variables)
        assert done.returncode == 0, (done.stderr, _logs(self.top))
        return {path.name: path.read_text() for path in target.iterdir() if path.is_file()}

    def hostile(self, *, metadata: str = "2.2", **facts: object) -> Path:
        backend = (SUPPORT / "hostile_backend.py").read_text()
        files = {"hostile_backend.py": backend, "facts.json": json.dumps(self.facts | facts)}
        return sdist(self.top, "hostile", files, metadata)

    def victim(self) -> Path:
        backend = (SUPPORT / "hostile_backend.py").read_text()
        files = {"victim_backend.py": VICTIM, "hostile_backend.py": backend, "secret.txt": "unharmed "}
        return sdist(self.top, "victim", files)

    @property
    def facts(self) -> dict[str, object]:
        places = {name: str(self.top / name) for name in ("home", "cache", "shared")}
        return {
            **places, "uv_cache": str(self.top / "uv"), "mark": self.mark, "secret_variables": sorted(SECRETS),
            "port": self.listener.port, "abstract": f"\0{self.mark}", "socket": str(self.top / "home" / "agent"),
            "shared_memory": str(self.shared_memory), "terminal": self.terminal, "victim": True,
            "daemon_sleeps": f"6{int(self.mark[-6:], 16)}",
        }  # fmt: skip

    def state(self) -> dict[str, tuple[object, ...]]:
        """Return all that is in the places that builds attack, with owners and modes."""
        found: dict[str, tuple[object, ...]] = {}
        for name in ("home", "shared", "cache/wheels/of-others", "uv/kept"):
            for path in (self.top / name, *sorted((self.top / name).rglob("*"))):
                status = path.lstat()
                content = path.read_bytes() if path.is_file() else b""
                changed = status.st_mtime_ns if self.has_own_mounts else 0
                found[str(path)] = (status.st_mode, status.st_uid, changed, content)
        return found


def _logs(top: Path) -> str:
    return "\n".join(path.read_text(errors="replace") for path in top.glob("cache/logs/**/*.log"))


@pytest.fixture(params=["nobody", "root", "ordinary"])
def place(request: pytest.FixtureRequest, open_directory: Path, open_python: Path) -> Iterator[Place]:
    """Somebody's home, as the fixture's parameter says who."""
    if request.param != "ordinary" and os.geteuid() != 0:
        pytest.skip("needs root")
    top = open_directory / f"{request.param[0]}{secrets.token_hex(2)}"  # short: sockets have 107 bytes for their paths
    uid = USER if request.param == "ordinary" and os.geteuid() == 0 else os.geteuid()
    yield from _place(top, uid, open_python)


def _place(top: Path, uid: int, python: Path) -> Iterator[Place]:
    mark, listener = f"attacked{secrets.token_hex(6)}", Listener()
    for directory in ("home/.ssh", "home/.aws", "home/.config/uv", "cache/wheels/of-others", "uv", "shared", "tmp"):
        (top / directory).mkdir(parents=True)
    for file in (
        "home/.ssh/id_rsa", "home/.netrc", "home/.aws/credentials", "home/.config/uv/credentials.toml", "home/.bashrc",
        "cache/wheels/of-others/kept", "uv/kept", "shared/kept",
    ):  # fmt: skip
        (top / file).write_text("of somebody\n")
    (top / "cache" / cache_root.MARK).write_bytes(cache_root._MARK_CONTENT)
    listener.port = listener.add(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)).getsockname()[1]
    listener.add(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", listener.port))
    if socket.has_ipv6 and Path("/proc/net/if_inet6").exists():
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            listener.add(socket.AF_INET6, kind, ("::1", listener.port))
    listener.add(socket.AF_UNIX, socket.SOCK_STREAM, f"\0{mark}")
    listener.add(socket.AF_UNIX, socket.SOCK_STREAM, str(top / "home" / "agent"))
    (top / "home" / "agent").chmod(0o600)
    master, slave = os.openpty()
    shared = Path("/dev/shm", mark)
    shared.write_text("of somebody\n")
    shared.chmod(0o600)
    for path in (*top.rglob("*"), shared, Path(os.ttyname(slave))):
        os.chown(path, uid, uid)
    (top / "closed" / "bin").mkdir(parents=True)  # somebody else's directory on PATH
    (top / "closed").chmod(0)
    (top / "shared").chmod(0o777)
    (top / "shared" / "kept").chmod(0o666)
    if top.name.startswith("r"):
        (top / "tmp").chmod(0o700)
    try:
        yield Place(python, top, uid, listener, mark, os.ttyname(slave), shared)
    finally:
        for one in listener.sockets:
            one.close()
        os.close(master)
        os.close(slave)
        shared.unlink()
        Path("/tmp", mark).unlink(missing_ok=True)
        Path("/etc/attacked").unlink(missing_ok=True)
        (top / "closed").chmod(0o700)
        shutil.rmtree(top)


def _running(argument: str) -> list[int]:
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            words = Path("/proc", entry, "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if argument.encode() in words:
            found.append(int(entry))
    return found


def test_a_build_can_do_nothing_that_it_should_not(place: Place) -> None:
    before = place.state()
    files = place.install(place.hostile(), place.victim(), variables=SECRETS)
    outcomes = json.loads(files["hostile_outcomes.json"])
    for hook in ("get_requires_for_build_wheel", "build_wheel"):
        done = place.succeeded(outcomes[hook])
        assert not done, f"{hook}: " + "; ".join(done)
        refused = {name: outcome for name, outcome in outcomes[f"{hook}: legitimate"].items() if outcome != "done"}
        assert refused.keys() <= (set() if place.has_own_mounts else {"a terminal"}), f"{hook}: {refused}"
    assert files["victim_saw.txt"] == "unharmed 0o100644"
    assert place.heard == []
    assert _running(str(place.facts["daemon_sleeps"])) == []
    assert place.state() == before


@pytest.mark.parametrize("named", ["by its release", "by its path", "by a build requirement"])
def test_metadata_that_resolving_takes_can_do_nothing_either(place: Place, named: str) -> None:
    before, source = place.state(), place.hostile(metadata="2.1", victim=False)
    if named == "by a build requirement":
        project = PROJECT.format("trusting").replace("[]", '["hostile"]', 1)
        backend = (SUPPORT / "hostile_backend.py").read_text()
        files = {"pyproject.toml": project, "hostile_backend.py": backend, "trusting_backend.py": REQUIRING}
        sdist(place.top, "trusting", files)
    asked = {"by its release": "hostile", "by its path": source, "by a build requirement": "trusting"}[named]
    place.install("--find-links", place.top, asked, variables=SECRETS)
    [told, *_] = re.findall(r"^outcomes: (.*)$", _logs(place.top), re.MULTILINE)
    outcomes = json.loads(told)
    for hook in ("get_requires_for_build_wheel", "prepare_metadata_for_build_wheel"):
        assert place.succeeded(outcomes[hook]) == [], hook
    assert place.heard == []
    assert _running(str(place.facts["daemon_sleeps"])) == []
    assert place.state() == before


REQUIRING = """
from hostile_backend import write_wheel

def build_wheel(directory, settings=None, metadata=None):
    return write_wheel(directory, "trusting", {})
"""

# What depends on the kernel and its settings, also without the sandbox
UNSURE = re.compile(r"IPv6|virtual machine|io_uring|set an attribute|keys of the kernel|trace$|type$|^\$")
FOR_ROOT_ONLY = re.compile(
    r"^test: |^/etc(?:/shadow)?: |network: packets|change its groups|^mount$|kernel settings|user: type"
)


@pytest.mark.parametrize("place", ["root", "ordinary"], indirect=True)
def test_without_the_sandbox_the_same_attacks_succeed(place: Place) -> None:
    before = place.state()
    files = place.install("--sandbox", "off", place.hostile(), place.victim(), variables=SECRETS)
    outcomes = json.loads(files["hostile_outcomes.json"])["get_requires_for_build_wheel"]
    asked = {name for name in outcomes if not UNSURE.search(name) and not (place.uid and FOR_ROOT_ONLY.search(name))}
    failed = {name: outcomes[name] for name in asked if outcomes[name] != "done"}
    assert not failed, failed
    assert len(asked) > 100
    assert place.listener.heard
    assert place.state() != before
    assert _running(str(place.facts["daemon_sleeps"])) == []  # what is left running is ended in any case


@pytest.mark.parametrize("place", ["nobody", "ordinary"], indirect=True)
def test_a_build_is_let_out_and_told_what_the_user_names(place: Place) -> None:
    """The network and one variable, and nothing else."""
    options = ("--sandbox", "on", "--allow-build-network", "Hostile", "--pass-env", "HF_TOKEN")
    files = place.install(*options, place.hostile(victim=False), variables=SECRETS)
    outcomes = json.loads(files["hostile_outcomes.json"])
    for hook in ("get_requires_for_build_wheel", "build_wheel"):
        done = {*place.succeeded(outcomes[hook])}
        assert {"$HF_TOKEN", "network: TCP", "network: UDP", "network: listen"} <= done
        others = {name for name in done if not name.startswith("network: ")} - {"$HF_TOKEN"}
        assert others <= {"socket of another program: file"}, others
    assert {"AF_INET SOCK_STREAM", "AF_INET SOCK_DGRAM"} <= set(place.listener.heard)


@pytest.mark.parametrize("place", ["nobody", "ordinary"], indirect=True)
def test_temporary_files_may_be_in_memory(place: Place) -> None:
    memory = Path("/dev/shm", secrets.token_hex(2))
    memory.mkdir()
    memory.chmod(0o755)
    os.chown(memory, place.uid, place.uid)
    try:
        files = place.install(place.hostile(victim=False), variables={**SECRETS, "TMPDIR": str(memory)})
    finally:
        shutil.rmtree(memory)
    outcomes = json.loads(files["hostile_outcomes.json"])
    assert place.succeeded(outcomes["build_wheel"]) == []
    if place.has_own_mounts:  # else there is no shared memory for semaphores, beside the directories of builds
        assert {*outcomes["build_wheel: legitimate"].values()} == {"done"}


GIT = """
import subprocess
from hostile_backend import write_wheel

def build_wheel(directory, settings=None, metadata=None):
    said = subprocess.run(["git", "describe", "--tags"], check=True, capture_output=True, text=True).stdout
    subprocess.run(["git", "status"], check=True)
    return write_wheel(directory, "versioned", {"versioned.txt": said})
"""


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
@pytest.mark.parametrize("place", ["nobody", "root", "ordinary"], indirect=True)
def test_a_build_asks_git_about_its_own_repository(place: Place) -> None:
    repository = place.top / "repository"
    repository.mkdir()
    backend = (SUPPORT / "hostile_backend.py").read_text()
    project = PROJECT.format("git") + "[project]\nname = 'versioned'\nversion = '1.0'\n"
    for name, text in {"pyproject.toml": project, "git_backend.py": GIT, "hostile_backend.py": backend}.items():
        (repository / name).write_text(text)
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@t", "-C", str(repository)]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"], ["tag", "-a", "v7", "-m", "7"]):
        subprocess.run([*git, *command], check=True)
    for path in (repository, *repository.rglob("*")):
        os.chown(path, place.uid, place.uid)
    assert place.install(f"versioned @ git+file://{repository}")["versioned.txt"] == "v7\n"


@pytest.mark.parametrize("place", ["nobody", "ordinary"], indirect=True)
def test_what_limits_builds_is_told(place: Place) -> None:
    report = place.top / "tmp" / "report.json"
    options = ("--no-system", "--no-index", "--dry-run", "--report", report, "--target", place.top / "tmp" / "t")
    source = place.hostile()
    told = place.run("install", "-v", *options, source)
    assert "builds run in a sandbox: " in told.stderr
    assert json.loads(report.read_text())["sandbox"] in told.stderr
    assert "builds run without a sandbox" in place.run("install", "-v", "--sandbox", "off", *options, source).stderr
    assert "sandbox" not in place.run("install", *options, source).stderr


ON_IMPORT = """
import os
os.chdir(os.path.dirname(__file__))
import attempts
done = [name for name, attempt in attempts._attempts() if attempts._outcome(attempt) == "done"]
attempts._daemon()
raise ImportError("cannot import name x from done: " + "; ".join(done) + ".")
"""
TRUSTING = """
import pathlib
from hostile_backend import write_wheel

def build_wheel(directory, settings=None, metadata=None):
    files = {name: pathlib.Path(name).read_text() for name in ("__init__.py", "attempts.py", "facts.json")}
    return write_wheel(directory, "imported", {"imported/" + name: text for name, text in files.items()})
"""


@pytest.mark.parametrize("place", ["root", "ordinary"], indirect=True)
def test_what_was_built_can_do_nothing_either_when_imported(place: Place) -> None:
    """It reads what its user can read, as editable projects may lie anywhere, and has no network to tell it to."""
    backend = (SUPPORT / "hostile_backend.py").read_text()
    files = {
        "imported_backend.py": TRUSTING, "hostile_backend.py": backend, "attempts.py": backend,
        "__init__.py": ON_IMPORT.replace("import attempts", "from imported import attempts"),
        "facts.json": json.dumps(place.facts | {"victim": False}),
    }  # fmt: skip
    before = place.state()
    options = ("--no-system", "--no-index", "--no-deps", "--target", place.top / "tmp" / "target")
    done = place.run("install", *options, sdist(place.top, "imported", files), variables=SECRETS)
    assert done.returncode != 0
    [told, *_] = re.findall(r"ImportError: cannot import name x from done: (.*)\.$", _logs(place.top), re.MULTILINE)
    succeeded = place.succeeded(dict.fromkeys(told.split("; "), "done"))
    assert [name for name in succeeded if not re.search(r": (?:read|list|read through .*)$", name)] == []
    assert "HOME: read" in succeeded
    assert place.heard == []
    assert _running(str(place.facts["daemon_sleeps"])) == []
    assert place.state() == before
