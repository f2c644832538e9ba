"""Proxies, certificates, logins and configuration files hold for the frontend and for our own fetches alike.

Each test is a line of docs/reference/surroundings.md: an index on this machine offers one source, which the frontend
resolves, we fetch and build, and the frontend installs.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from index_server import IndexServer, index_server
from integration.wheel_sources import make_sdist
from tls_server import write_certificates

LOGIN = "me:p@ss"
QUOTED = "me:p%40ss"


def one_of(first: str, *others: str) -> list[object]:
    """Return the values of a parameter: the first is always tried, the others by ``-m long``."""
    return [first, *(pytest.param(other, marks=pytest.mark.long) for other in others)]


FRONTENDS = pytest.mark.parametrize("frontend", ["uv", pytest.param("pip", marks=pytest.mark.long)])


@pytest.fixture
def here(tmp_path: Path) -> Path:
    make_sdist(tmp_path, "fruit")
    (tmp_path / "home").mkdir()
    return tmp_path


@pytest.fixture
def archive(here: Path) -> Path:
    return here / "fruit-1.0.tar.gz"


@pytest.fixture
def certificates(here: Path) -> Path:
    write_certificates(here)
    return here / "ca.pem"


def install(here: Path, frontend: str, *arguments: str, directory: Path | None = None, **variables: str) -> str:
    """Install ``fruit``, with its source built; return what was said. Nothing of this machine's settings counts."""
    plain = {"PIP_CONFIG_FILE": os.devnull} if "PIP_CONFIG_FILE" not in variables else {}
    done = subprocess.run(
        [sys.executable, "-m", "accel_doctor", "install", "--frontend", frontend, "--python", sys.executable,
         "--target", str(here / "site"), "--retries", "0", "--no-verify", *arguments, "fruit"],
        env={
            "PATH": os.environ["PATH"], "HOME": str(here / "home"), "BUILDS_COUNTED_IN": str(here / "builds"),
            "ACCEL_DOCTOR_SANDBOX": "off", "UV_CACHE_DIR": str(here / "uv"), "PIP_CACHE_DIR": str(here / "pip"),
            "ACCEL_DOCTOR_CACHE_DIR": str(here / "cache"), **plain, **variables,
        },
        cwd=directory or here / "home",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )  # fmt: skip
    if done.returncode == 0:
        assert (here / "site/fruit.py").exists()
        assert (here / "builds").read_text().startswith("fruit\n")  # pip asks for metadata before
    return done.stdout + done.stderr if done.returncode else "done"


def through(proxy: IndexServer, host: str = "index.invalid") -> None:
    """Check that page and archive were asked of the proxy, for a host that does not exist."""
    assert f"http://{host}/simple/fruit/" in proxy.seen
    assert f"http://{host}/files/fruit-1.0.tar.gz" in proxy.seen


# --- proxies


@FRONTENDS
@pytest.mark.parametrize(
    "variable", one_of("http_proxy", "HTTP_PROXY", "ALL_PROXY", "--proxy", "PIP_PROXY", "pip.conf proxy")
)
def test_proxy(here, archive, frontend, variable):
    with index_server(archive) as proxy:
        url = f"http://{proxy.host}"
        (here / "pip.conf").write_text(f"[global]\nproxy = {url}\n")
        arguments, variables = {
            "--proxy": (["--proxy", url], {}),
            "pip.conf proxy": ([], {"PIP_CONFIG_FILE": str(here / "pip.conf")}),
        }.get(variable, ([], {variable: url}))
        said = install(
            here,
            frontend,
            "-i",
            "http://index.invalid/simple",
            "--trusted-host",
            "index.invalid",
            *arguments,
            **variables,
        )
        assert said == "done"
        through(proxy)


@pytest.mark.long
@FRONTENDS
@pytest.mark.parametrize("variable", ["no_proxy", "NO_PROXY"])
def test_no_proxy(here, archive, frontend, variable):
    with index_server(archive) as server:
        variables = {"HTTP_PROXY": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9", variable: "127.0.0.1"}
        assert install(here, frontend, "-i", server.simple, **variables) == "done"


# --- certificates


@FRONTENDS
@pytest.mark.parametrize(
    "how",
    one_of(
        "REQUESTS_CA_BUNDLE",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "CURL_CA_BUNDLE",
        "PIP_CERT",
        "--cert",
        "pip.conf cert",
        "--trusted-host",
    ),
)
def test_certificate(here, archive, certificates, frontend, how):
    with index_server(archive, certificate=here / "server.pem") as server:
        directory = here / "certificates"
        directory.mkdir()
        (directory / "ca.pem").write_bytes(certificates.read_bytes())
        subprocess.run(["openssl", "rehash", str(directory)], check=True)
        (here / "pip.conf").write_text(f"[global]\ncert = {certificates}\n")
        arguments, variables = {
            "--cert": (["--cert", str(certificates)], {}),
            "--trusted-host": (["--trusted-host", "127.0.0.1"], {}),
            "SSL_CERT_DIR": ([], {"SSL_CERT_DIR": str(directory)}),
            "pip.conf cert": ([], {"PIP_CONFIG_FILE": str(here / "pip.conf")}),
        }.get(how, ([], {how: str(certificates)}))
        assert install(here, frontend, "-i", server.simple, *arguments, **variables) == "done"


# --- logins


def with_login(server: IndexServer, login: str = QUOTED) -> str:
    return server.simple.replace("://", f"://{login}@")


@FRONTENDS
@pytest.mark.parametrize("how", one_of("pip.conf", "-i", "PIP_INDEX_URL"))
def test_login_in_the_address(here, archive, frontend, how):
    with index_server(archive, LOGIN) as server:
        url = with_login(server)
        (here / "pip.conf").write_text(f"[global]\nindex-url = {url}\n")
        arguments, variables = {
            "-i": (["-i", url], {}),
            "PIP_INDEX_URL": ([], {"PIP_INDEX_URL": url}),
            "pip.conf": ([], {"PIP_CONFIG_FILE": str(here / "pip.conf")}),
        }[how]
        assert install(here, frontend, *arguments, **variables) == "done"


@pytest.mark.parametrize("how", one_of("UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_NAME_PASSWORD"))
def test_login_in_variables_of_uv(here, archive, how):
    with index_server(archive, LOGIN) as server:
        url = with_login(server)
        project = here / "project"
        project.mkdir()
        named = f'[[index]]\nname = "our-own"\nurl = "{server.simple}"\ndefault = true\n'
        (project / "uv.toml").write_text(named if how == "UV_INDEX_NAME_PASSWORD" else "")
        variables = {
            "UV_DEFAULT_INDEX": {"UV_DEFAULT_INDEX": url},
            "UV_INDEX": {"UV_INDEX": f"ours={url}", "UV_DEFAULT_INDEX": server.simple},
            "UV_INDEX_NAME_PASSWORD": {"UV_INDEX_OUR_OWN_USERNAME": "me", "UV_INDEX_OUR_OWN_PASSWORD": "p@ss"},
        }[how]
        assert install(here, "uv", directory=project, **variables) == "done"


@FRONTENDS
@pytest.mark.parametrize("how", one_of("~/.netrc", "NETRC"))
def test_netrc(here, archive, frontend, how):
    with index_server(archive, LOGIN) as server:
        file = here / ("home/.netrc" if how == "~/.netrc" else "netrc")
        file.write_text("machine 127.0.0.1 login me password p@ss\n")
        file.chmod(0o600)
        variables = {"NETRC": str(file)} if how == "NETRC" else {}
        assert install(here, frontend, "-i", server.simple, **variables) == "done"


KEYRING = """
import keyring.backend


class Shelf(keyring.backend.KeyringBackend):
    priority = 1

    def get_password(self, service, username):
        return "p@ss" if {host!r} in service and username == "me" else None

    def set_password(self, service, username, password):
        raise AssertionError("nothing is stored")
"""


@FRONTENDS
@pytest.mark.parametrize("how", one_of("pip.conf", "--keyring-provider", "PIP_KEYRING_PROVIDER"))
def test_keyring(here, archive, frontend, how):
    (here / "pip.conf").write_text("[global]\nkeyring-provider = subprocess\n")
    arguments, variables = {
        "--keyring-provider": (["--keyring-provider", "subprocess"], {}),
        "PIP_KEYRING_PROVIDER": ([], {"PIP_KEYRING_PROVIDER": "subprocess"}),
        "pip.conf": ([], {"PIP_CONFIG_FILE": str(here / "pip.conf")}),
    }[how]
    assert with_keyring(here, archive, frontend, *arguments, **variables) == "done"


@pytest.mark.long
def test_keyring_of_uv(here, archive):
    assert with_keyring(here, archive, "uv", UV_KEYRING_PROVIDER="subprocess") == "done"


def with_keyring(here: Path, archive: Path, frontend: str, *arguments: str, **variables: str) -> str:
    """Install from an index whose password only the keyring has: the real one, with a backend of ours."""
    with index_server(archive, LOGIN) as server:
        (here / "ours").mkdir()
        (here / "ours/shelf.py").write_text(KEYRING.format(host=server.host))
        backend = {"PYTHONPATH": str(here / "ours"), "PYTHON_KEYRING_BACKEND": "shelf.Shelf"}
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        url = with_login(server, "me")
        return install(here, frontend, "-i", url, *arguments, PATH=path, **backend, **variables)


# --- configuration files


@pytest.mark.long  # the unit tests of pip's configuration cover the same places
@FRONTENDS
@pytest.mark.parametrize(
    "place",
    one_of("PIP_CONFIG_FILE", "~/.config/pip/pip.conf", "~/.pip/pip.conf", "XDG_CONFIG_HOME", "XDG_CONFIG_DIRS"),
)
@pytest.mark.parametrize("section", one_of("install", "global"))
def test_pip_conf(here, archive, frontend, place, section):
    with index_server(archive) as server:
        file, variables = {
            "~/.config/pip/pip.conf": (here / "home/.config/pip/pip.conf", {}),
            "~/.pip/pip.conf": (here / "home/.pip/pip.conf", {}),
            "XDG_CONFIG_HOME": (here / "xdg/pip/pip.conf", {"XDG_CONFIG_HOME": str(here / "xdg")}),
            "XDG_CONFIG_DIRS": (here / "xdg/pip/pip.conf", {"XDG_CONFIG_DIRS": str(here / "xdg")}),
            "PIP_CONFIG_FILE": (here / "mine.conf", {"PIP_CONFIG_FILE": str(here / "mine.conf")}),
        }[place]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"[{section}]\nindex-url = {server.simple}\n")
        assert install(here, frontend, **{"PIP_CONFIG_FILE": "", **variables}) == "done"


UV_SETTINGS = {
    "[[index]]": '[[index]]\nurl = "{url}"\ndefault = true\n',
    "index-url": 'index-url = "{url}"\n',
    "[pip]": '[pip]\nindex-url = "{url}"\n',
}


@pytest.mark.parametrize("place", one_of("pyproject.toml", "uv.toml", "~/.config/uv/uv.toml", "UV_CONFIG_FILE"))
@pytest.mark.parametrize("setting", one_of(*UV_SETTINGS))
def test_uv_toml(here, archive, place, setting):
    with index_server(archive, LOGIN) as server:
        project = here / "project"
        project.mkdir()
        file = {
            "uv.toml": project / "uv.toml",
            "pyproject.toml": project / "pyproject.toml",
            "~/.config/uv/uv.toml": here / "home/.config/uv/uv.toml",
            "UV_CONFIG_FILE": here / "mine.toml",
        }[place]
        text = UV_SETTINGS[setting].format(url=with_login(server))
        if place == "pyproject.toml":
            text = text.replace("[[index]]", "[[tool.uv.index]]").replace("[pip]", "[tool.uv.pip]")
            text = text if "[" in text.splitlines()[0] else f"[tool.uv]\n{text}"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        variables = {"UV_CONFIG_FILE": str(file)} if place == "UV_CONFIG_FILE" else {}
        assert install(here, "uv", directory=project, **variables) == "done"
