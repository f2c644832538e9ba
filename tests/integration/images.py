"""Container images made with buildah from a root that mmdebstrap made, since no registry need be in reach.

Needs root, buildah and mmdebstrap; :class:`UnavailableError` says what is missing. Processes in images have the host's
network, and the settings that they need to reach what the host reaches.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from integration.machine import UnavailableError, debian_mirror, host_apt_settings, passed_on, remove

BASE = "localhost/base"
_CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
_OURS = "/host-certificates.pem"  # a path that no package of the image owns
# As debian:*-slim is made.
_LEFT_OUT = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*")
_CLEANING = "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/archives/partial/*.deb /var/cache/apt/*.bin || true"
_APT = (
    f'DPkg::Post-Invoke {{ "{_CLEANING}"; }};',
    f'APT::Update::Post-Invoke {{ "{_CLEANING}"; }};',
    'Dir::Cache::pkgcache "";',
    'Dir::Cache::srcpkgcache "";',
    'Acquire::GzipIndexes "true";',
    'Acquire::Languages "none";',
)


@dataclass(frozen=True)
class Images:
    """A store of images of its own."""

    directory: Path

    def build(self, containerfile: Path, context: Path, *options: str) -> str:
        """Build an image with the tag ``made``; return what was printed."""
        words = ("build", "--isolation", "chroot", "--network", "host", "--tag", "made", *options)
        return self._buildah(*words, "--file", str(containerfile), str(context))

    def run(self, image: str, *argv: str, volumes: Sequence[str] = ()) -> str:
        """Run a command in a new container of an image; return what it printed."""
        container = self._buildah("from", image).strip()
        try:
            mounts = [word for volume in volumes for word in ("--volume", volume)]
            return self._buildah("run", "--isolation", "chroot", *mounts, container, "--", *argv)
        finally:
            self._buildah("rm", container)

    def size(self, image: str) -> int:
        """Return how large an image is, in bytes."""
        (found,) = json.loads(self._buildah("images", "--json", image))
        number, unit = found["size"].split()
        return int(float(number) * {"KB": 1e3, "MB": 1e6, "GB": 1e9}[unit])

    def make_base(self) -> None:
        """Make :data:`BASE`, which stands for debian:trixie-slim."""
        root = self.directory / "root.tar"
        options = [f"--aptopt={line}" for line in (*host_apt_settings(), *_APT)]
        options += [f"--dpkgopt=path-exclude={path}" for path in _LEFT_OUT]
        done = subprocess.run(
            ["mmdebstrap", "--quiet", "--mode=root", "--variant=minbase", *options, "trixie", root, debian_mirror()],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise UnavailableError(f"mmdebstrap could not make trixie: {done.stderr[-2000:]}")
        container = self._buildah("from", "scratch").strip()
        self._buildah("add", "--quiet", container, str(root), "/")
        self._buildah("copy", "--quiet", container, _CERTIFICATES, _OURS)
        settings = {name: value for name, value in passed_on().items() if not value.startswith("/")}
        settings |= dict.fromkeys(("PIP_CERT", "SSL_CERT_FILE"), _OURS)
        words = [word for name, value in settings.items() for word in ("--env", f"{name}={value}")]
        self._buildah("config", *words, container)
        self._buildah("commit", "--quiet", "--rm", container, BASE)
        root.unlink()

    def _buildah(self, *words: str) -> str:
        argv = ["buildah", "--root", f"{self.directory}/images", "--runroot", f"{self.directory}/running"]
        variables = {**os.environ, "TMPDIR": str(self.directory), "STORAGE_DRIVER": "overlay"}
        done = subprocess.run(
            [*argv, *words], env=variables, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace"
        )
        if done.returncode:
            raise RuntimeError(f"buildah {words}: return code {done.returncode}\n{done.stdout}{done.stderr}")
        return f"{done.stdout}{done.stderr}" if words[0] == "build" else done.stdout


@contextmanager
def images(directory: Path) -> Iterator[Images]:
    """Yield a store of images with :data:`BASE`, gone afterwards."""
    if os.geteuid() != 0:
        raise UnavailableError("images are made as root here")
    for command in ("buildah", "mmdebstrap"):
        if not shutil.which(command):
            raise UnavailableError(f"container images need {command}")
    made = Images(directory)
    try:
        made.make_base()
        yield made
    finally:
        remove(directory)
