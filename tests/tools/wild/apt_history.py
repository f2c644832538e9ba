"""What apt installed on a machine, and which of it nobody opened afterwards."""

from __future__ import annotations

import json
from dataclasses import dataclass

from integration.machine import Machine

# Runs on the machine: the packages named on each of apt's command lines, and of these the ones of which no file was
# read after apt had ended. A package of links alone is used if what it depends on is.
_SCRIPT = r"""
import json, os, re, subprocess, time
from functools import lru_cache

UNREAD = ("/usr/share/doc/", "/usr/share/man/", "/usr/share/lintian/")

def output(*argv):
    return subprocess.run(argv, capture_output=True, text=True).stdout

@lru_cache(None)
def files(name):
    names = output("dpkg", "-L", name).splitlines()
    return [f for f in names if os.path.isfile(f) and not f.startswith(UNREAD)]

def depends(name):
    return re.findall(r"(?:^|, )([a-z0-9.+-]+)", output("dpkg-query", "-W", "-f", "${Depends}", name))

def used(name, ended, depth=0):
    own = files(name)
    if any(os.stat(f).st_atime > ended for f in own):
        return True
    empty = all(os.path.islink(f) for f in own)
    return empty and depth < 4 and any(used(one, ended, depth + 1) for one in depends(name))

transactions = []
try:
    text = open("/var/log/apt/history.log").read()
except OSError:
    text = ""
size = 0
for entry in text.split("\n\n"):
    fields = dict(line.split(": ", 1) for line in entry.strip().splitlines() if ": " in line)
    if "Install" not in fields:
        continue
    words = fields["Commandline"].split()
    words = words[words.index("install") + 1 :] if "install" in words else words
    names = sorted({w.split("=")[0].split(":")[0] for w in words if not w.startswith("-")})
    ended = time.mktime(time.strptime(re.sub(" +", " ", fields["End-Date"]), "%Y-%m-%d %H:%M:%S")) + 1
    ended = min(ended, os.stat("/var/log/apt/history.log").st_mtime)  # to the second only; the last one is known better
    installed = len(re.findall(r"\(", fields["Install"]))
    transactions.append({"packages": names, "installed": installed, "unused": [n for n in names if not used(n, ended)]})
print(json.dumps(transactions))
"""


@dataclass(frozen=True)
class Transaction:
    """One run of apt: what was named, how many packages came, what of the named ones nobody opened."""

    packages: tuple[str, ...]
    installed: int
    unused: tuple[str, ...]


def transactions(where: Machine) -> list[Transaction]:
    """Return the transactions of the tool on this machine, in order."""
    found = json.loads(where.must("python3", "-c", _SCRIPT))
    return [Transaction(tuple(one["packages"]), one["installed"], tuple(one["unused"])) for one in found]
