"""A second machine with a filled shared level, against ``uv pip install`` that builds: ten compiled sdists.

    python tests/bench/shared_level.py [RUNS] [ADDRESS]

Without ADDRESS the level is in moto's S3 server on loopback; ``directory`` is a directory, anything else an address
that may be filled. Needs a C and a C++ compiler, and the headers of the interpreter it runs under. Each run of either
has no cache of any kind and a new virtual environment; both resolve and fetch what is not built from the same index.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from second_run import run

sys.path.append(str(Path(__file__).resolve().parents[1] / "support"))

REQUIREMENTS = """\
bitarray==3.12.3
frozenlist==1.8.0
greenlet==3.5.6
markupsafe==3.0.4
msgpack==1.2.4
psutil==7.2.2
regex==2026.11.15
simplejson==4.3.0
ujson==6.1.0
wrapt==2.5.2
"""


def main(runs: int, address: str) -> None:
    import uv

    uv_binary = Path(uv.find_uv_bin())
    with tempfile.TemporaryDirectory(prefix="bench-", dir=os.environ.get("BENCH_DIR")) as scratch:
        base = Path(scratch)
        requirements = base / "requirements.txt"
        names = [line.partition("==")[0] for line in REQUIREMENTS.splitlines()]
        requirements.write_text("".join(f"--no-binary {name}\n" for name in names) + REQUIREMENTS)
        counter = 0

        def machine() -> tuple[dict[str, str], str]:
            """The variables of a machine that has seen nothing, and an environment on it."""
            nonlocal counter
            counter += 1
            home = base / f"machine-{counter}"
            environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
            environment |= {"ACCEL_DOCTOR_CACHE_DIR": f"{home}/cache", "UV_CACHE_DIR": f"{home}/uv-cache"}
            subprocess.run([uv_binary, "venv", "--quiet", "--python", sys.executable, home / "env"], check=True)
            return environment, str(home / "env")

        def ours(level: str) -> float:
            environment, target = machine()
            command = [sys.executable, "-m", "accel_doctor", "install", "--no-system", "--level", level]
            return run([*command, "-r", str(requirements), "--python", target], environment)

        def theirs() -> float:
            environment, target = machine()
            return run(
                [str(uv_binary), "pip", "install", "--quiet", "-r", str(requirements), "--python", target], environment
            )

        with chosen_level(address, base) as level:
            print(f"the first machine builds and fills the level: {ours(level):.1f} s")
            pairs = [(ours(level), theirs()) for _ in range(runs)]
        second, building = (statistics.median(times) for times in zip(*pairs, strict=True))
        ratio = statistics.median(theirs / ours for ours, theirs in pairs)
        print(f"a second machine takes from it: {second:.2f} s; uv builds: {building:.1f} s")
        print(f"{ratio:.1f} times faster (goal: 10)")


@contextmanager
def chosen_level(address: str, base: Path) -> Iterator[str]:
    if address == "directory":
        (base / "level").mkdir()
        yield str(base / "level")
    elif address != "moto":
        yield address
    else:
        from moto_server import CREDENTIALS, moto_server

        os.environ.update(CREDENTIALS)
        with moto_server() as url:
            yield f"s3://bucket/prefix?endpoint={url}"


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3, sys.argv[2] if len(sys.argv) > 2 else "moto")
