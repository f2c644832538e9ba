"""Asks every site that the pages link to: ``python tests/tools/links.py``.

Fails on a link whose server says that it leads nowhere. Hosts that cannot be reached from here are told, and do not
fail: they say nothing about the link.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

DOCS = Path(__file__).resolve().parents[2] / "docs"
# What Sphinx quotes of its HTTP client where nobody answered.
UNREACHABLE = ("Max retries exceeded", "ConnectionError", "ProxyError", "Connection aborted", "timed out")


def checked(pages: Path, scratch: Path) -> list[dict[str, str]]:
    """Return what Sphinx says of each link."""
    argv = [sys.executable, "-m", "sphinx", "-q", "-b", "linkcheck", str(pages), str(scratch)]
    subprocess.run(argv, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    lines = (scratch / "output.json").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def judged(links: Iterable[Mapping[str, str]]) -> tuple[list[str], Counter[str], int]:
    """Return the dead links with where they stand, the hosts out of reach, and how many links work."""
    dead: list[str] = []
    silent: Counter[str] = Counter()
    working = 0
    for link in links:
        if link["status"] == "timeout" or (
            link["status"] == "broken" and any(words in link["info"] for words in UNREACHABLE)
        ):
            silent[urlsplit(link["uri"]).netloc] += 1
        elif link["status"] == "broken":
            dead.append(f"{link['filename']}:{link['lineno']}: {link['uri']}: {link['info']}")
        elif link["status"] in ("working", "redirected"):
            working += 1
    return dead, silent, working


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        dead, silent, working = judged(checked(DOCS, Path(directory)))
    print(f"{working} links work")
    for host, count in sorted(silent.items()):
        print(f"not reachable from here, not checked: {host} ({count})")
    print(*dead, sep="\n")
    sys.exit(bool(dead))
