"""Requirement files mean what they mean to pip: its own parser is the judge, over written and generated files."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from packaging.markers import Marker
from packaging.utils import canonicalize_name

from accel_doctor.errors import UsageError
from accel_doctor.model.machine import Invocation
from accel_doctor.model.requests import Connection, RequirementLine
from accel_doctor.requirements.pip_configuration import Configuration
from accel_doctor.requirements.pip_option_table import ParsedArguments
from accel_doctor.requirements.request import read_request
from accel_doctor.system.file_reader import FileReader

PIP = Path(__file__).parents[2] / "support" / "pip_reads.py"
PAGE = Path(__file__).parents[3] / "docs" / "reference" / "requirement-files.md"

REQUIREMENTS = """
a
a;
a==1;
a ;
a ; python_version > '3'
a;python_version<'3'
a ; python_version > "3" and extra == 'x'
a ; python_version
a ; nonsense > '3'
a;;
A.b_C
a[x]
a[x,Y-z]
a [x] == 1
a[]
a[x
a == 1.0 , < 2
a (==1)
a(>1,<2)
a=1
a=>1
a<1>
a===any-thing
a==1.*
a>=1.*
a~=1
a~=1.0
a!=1
a==1+local
a 1
a b
-a
1a
_a
a_
é
a.
a @ https://h/a-1.tar.gz
a@https://h/a-1.tar.gz
a[x] @ https://h/a-1.tar.gz ; python_version > '3'
a @ https://h/a-1.tar.gz; python_version > '3'
a @ https://h/a-1.tar.gz#egg=b
a @ https://h/a-1.tar.gz[x]
a @ git+https://h/a.git@v1
a @ file:///nowhere/a-1.tar.gz
a @ ./proj
a @ proj
https://h/a-1.tar.gz
https://h/a-1.tar.gz#egg=a
https://h/a-1.tar.gz#egg=a[x]
https://h/a-1.tar.gz#egg=a==1
https://h/a-1.tar.gz#egg=a&subdirectory=s
https://h/a-1.tar.gz ; python_version > '3'
https://h/a-1.tar.gz; python_version > '3'
https://h/a-1.tar.gz;python_version>'3'
https://h/a-1.0-py3-none-any.whl
https://h/a-1.0-py3-none-any.whl#sha256=abab
https://h/a-1.0.whl
HTTPS://h/a-1.tar.gz
ftp://h/a-1.tar.gz
git+https://h/a.git
git+https://h/a.git@v1#egg=a
git+ssh://git@h/a.git#egg=a
git+git@h:a.git
git://h/a.git#egg=a
hg+http://h/a#egg=a
svn+svn://h/a#egg=a
bzr+lp:a#egg=a
nope+https://h/a#egg=a
file:proj
file:./proj
file:proj/../proj
file:///nowhere/proj
file://localhost/nowhere/proj
file:a-1.0-py3-none-any.whl
file:proj#egg=a
file:proj[x]
./proj
proj
proj/
./proj[x]
./proj [x]
proj[x]
./proj ; python_version > '3'
./proj;
./proj#egg=a
.
..
./empty
empty
./nowhere
nowhere/
./a-1.tar.gz
a-1.tar.gz
a-1.tar.gz[x]
./a-1.0-py3-none-any.whl
a-1.0-py3-none-any.whl[x]
./a-1.0-py3-none-any.whl ; python_version > '3'
b-1.0.whl
c-1.0-py3-none-any.whl
nothere.zip
./nothere.zip
nothere.tar.gz@1
more.txt
./more.txt
a#egg
a #comment
a ==1
"a"
'a'
a --
a -
""".strip("\n").split("\n")  # fmt: skip

OPTIONS = f"""
--hash=sha256:{"ab" * 32}
--hash sha256:{"ab" * 32}
--hash=sha256:{"ab" * 32} --hash=sha512:cd
--hash=md5:ab
--hash=ab
--hash
--hash=
--has=sha256:ab
--no-binary a
--no-binary=:all:
--no-binary :none:
--no-bin b
--only-binary=a,b
--only-b=a
--no-binary
--no-binary=
-i https://i
-ihttps://i
--index-url=https://i
--index-url https://i --extra-index-url https://e
--index https://i
--pypi-url https://i
--extra https://e
--extra-index-url
--no-index
--no-i
--no-index=1
--n
--find-links ./proj
--find https://f
-f nowhere
-fproj
--pre
--pref
--prefer-binary
--require-hashes
--require
--requir more.txt
--re more.txt
--no-require-hashes
--trusted-host h:1
--trust h
--all-releases a
--only-final a
--use-feature fast-deps
--use-feature nope
-C k=v
-Ck=v
--config-settings=k=v
--config-settings k=v --config-settings=k=w
--config-setting k=v
--config-settings=k
--config k=v
-r more.txt
-rmore.txt
--requirement=more.txt
--requirement more.txt
-r nowhere.txt
-r case.txt
-r ./proj/../more.txt
-r file:more.txt
-c bounds.txt
--constraint=bounds.txt
--const bounds.txt
-c extras.txt
-e ./proj
-e proj
-e proj[x]
-e ./proj[x,y]
-e .
-e ./proj ; python_version > '3'
-e ./proj ; python_version < '3'
-e file:proj
-e file:proj#egg=a
-e file:///nowhere/proj
-e git+https://h/a.git#egg=a
-e git+https://h/a.git@v1#egg=a&subdirectory=s
-e git+https://h/a.git
-e a@git+https://h/a.git
-e "a @ git+https://h/a.git"
-e git:h/a#egg=a
-e a
-e nowhere
-e ./nowhere
-e ./empty
-e ./a-1.tar.gz
-e https://h/a-1.tar.gz
-e
-e ./proj -e .
--editable=./proj
--edit ./proj
--editable ./proj --config-settings k=v
-e ./proj --no-binary b
--user
--upgrade
--target x
-v
-q
--global-option=x
--
-
--pre b
--pre --no-index
"--pre"
'--find-links' 'a b'
-f 'a b
-f a\\ b
-x
""".strip("\n").split("\n")

FILES = (
    " a ",
    "a\t==1",
    "a\t# tab",
    "a\\\n==1",
    "a \\\\\nb",
    "a \\\n# comment \\\nb",
    "a==1 \\\n  --hash=sha256:ab \\\n  --hash=sha512:cd",
    "\ufeffa",
    "a\r\nb\rc\fd",
    "-r more.txt --no-binary b\n-c bounds.txt --only-binary :all:",
    "-r more.txt --pre --no-index\n-r bounds.txt -c bounds.txt",
    "-i https://i\n--no-index\n--extra-index-url https://e",
    "--no-binary :all:\na --only-binary a,b\nb --no-binary :none:",
)

# Where accel-doctor differs on purpose: how the page says so, and what shows it, in the file or in our complaint.
DIFFERENCES = {
    "Words after the options": r"unexpected '.*' after the options",
    "A marker after the options": r"\s;|(-e|--edit\w*) .*;( |$)",
    "A file that does not exist": r"looks like a filename, but the file does not exist",
    "The name of an existing file": r"is a file, not a package",
    "`--all-releases` and `--only-final`": r"does not support --(all-releases|only-final)",
    "`--use-feature`": r"(^|\s)--u",
    "A relative `file:` URL of a nested file": r"-r file:",
    "Extras after a URL": r"@.*\]",
    "White space around a path": r"-e\s*\\ ",
}


def cases() -> Iterator[str]:
    """Yield the texts of files, always the same."""
    choice = random.Random(20)
    yield from (*REQUIREMENTS, *OPTIONS, *FILES)
    yield from (f"a {option}" for option in OPTIONS)
    for one in REQUIREMENTS:
        yield from (f"{one} {option}" for option in choice.sample(OPTIONS, 3))
    for _ in range(200):
        yield "\n".join(choice.sample((*REQUIREMENTS, *OPTIONS), 2))
    for _ in range(600):
        text = choice.choice((*REQUIREMENTS, *OPTIONS))
        for _ in range(choice.randint(1, 3)):
            at = choice.randrange(len(text) + 1)
            text = text[:at] + choice.choice(" ;[]<>=!@#/-\\'\",.:+a1$") + text[at + choice.randint(0, 1) :]
        yield text


def test_files_mean_what_they_mean_to_pip(directory):
    texts = list(cases())
    page = PAGE.read_text(encoding="utf-8")
    unexplained, shown = [], set()
    for text, theirs in zip(texts, pip_reads(texts, directory), strict=True):
        mine = ours(text, directory)
        if theirs == mine or ("error" in theirs and "error" in mine):
            continue
        seen = f"{text}\n{mine.get('error', '')}"
        reasons = {words for words, pattern in DIFFERENCES.items() if re.search(pattern, seen, re.MULTILINE)}
        shown |= reasons
        if not reasons:
            unexplained.append(f"{text!r}\n  pip:  {theirs}\n  ours: {mine}")
    assert not unexplained, "\n".join(unexplained[:20])
    assert shown == DIFFERENCES.keys()
    assert [words for words in DIFFERENCES if f"- **{words}**" not in page] == []


@pytest.fixture
def directory(tmp_path, monkeypatch) -> Path:
    for name, text in {
        "pyproject.toml": "", "proj/pyproject.toml": "", "empty/README": "", "a-1.tar.gz": "", "b-1.0.whl": "",
        "a-1.0-py3-none-any.whl": "", "more.txt": "m==2\n", "bounds.txt": "a<9\n", "extras.txt": "a[x]<9\n",
    }.items():  # fmt: skip
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def pip_reads(texts: list[str], directory: Path) -> list[dict[str, Any]]:
    run = subprocess.run(
        [sys.executable, "-I", str(PIP)], input=json.dumps(texts), capture_output=True, text=True, cwd=directory
    )
    assert not run.returncode, run.stderr
    return [reading if "error" in reading else comparable(reading, directory) for reading in json.loads(run.stdout)]


def ours(text: str, directory: Path) -> dict[str, Any]:
    (directory / "case.txt").write_text(text, encoding="utf-8", newline="")
    arguments = ParsedArguments((), {"requirement": ("case.txt",)})
    files = FileReader(Connection(), {})
    try:
        request = read_request(
            arguments, Configuration(), files, Invocation({}, directory), in_virtual_environment=True
        )
    except UsageError as error:
        return {"error": error.message}
    index = request.index
    return comparable(
        {
            "lines": [
                line_of(one, constraint)
                for lines, constraint in ((request.requirements, False), (request.constraints, True))
                for one in lines
            ],
            "index": [*([index.index_url] if index.index_url else []), *index.extra_index_urls],
            "no_index": index.no_index,
            "find_links": list(index.find_links),
            "no_binary": list(request.no_binary),
            "only_binary": list(request.only_binary),
            "pre": request.pre,
            "prefer_binary": request.prefer_binary,
            "trusted": list(index.trusted_hosts),
            "require_hashes": request.require_hashes,
        },
        directory,
    )


def line_of(line: RequirementLine, constraint: bool) -> dict[str, Any]:
    body, _, marker = line.text.partition(" ; ")
    split = re.fullmatch(r"(/.*)\[(.*)\]", body)
    path, extras = split.groups() if split else (body, "")
    parsed = line.parsed
    if parsed:
        marker = str(parsed.marker or "")
    return {
        "name": line.name,
        "versions": sorted(map(str, parsed.specifier)) if parsed else [],
        "extras": sorted(parsed.extras) if parsed else [one.strip() for one in extras.split(",") if one],
        "marker": str(Marker(marker)) if marker else None,
        "url": (parsed.url if parsed else path.strip()),
        "editable": line.editable,
        "constraint": constraint,
        "hashes": sorted(line.hashes),
        "settings": settings(line.config_settings),
    }


def settings(given: tuple[str, ...]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in (one.split("=", 1) for one in given):
        before = result.get(key)
        result[key] = value if before is None else [*(before if isinstance(before, list) else [before]), value]
    return result


def comparable(reading: dict[str, Any], directory: Path) -> dict[str, Any]:
    """Return a reading without what makes no difference: the spelling of paths, of extras and of ports."""
    for line in reading["lines"]:
        line["extras"] = sorted(map(canonicalize_name, line["extras"]))
        line["url"] = located(line["url"], directory)
    reading["lines"].sort(key=lambda line: line["constraint"])
    reading["find_links"] = list(dict.fromkeys(located(link, directory) for link in reading["find_links"]))
    reading["trusted"] = [host.rstrip("/") for host in reading["trusted"]]
    for key in ("no_binary", "only_binary"):
        reading[key] = [name for name in reading[key] if name]
    return reading


def located(url: str | None, directory: Path) -> str | None:
    if url is None or urlsplit(url).scheme not in ("", "file"):
        return url
    return os.path.normpath(directory / unquote(urlsplit(url).path if url.startswith("file:") else url))
