"""Check the rules of the architecture page against the source alone.

The bounds are the project's limits: code that reaches one is to be simplified, not the bound raised.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from graphlib import TopologicalSorter
from pathlib import Path

from source import PACKAGE, TREES

UNIT = Path(__file__).parent

# Lower may not import higher; what shares a floor may not import its neighbours.
FLOORS = (
    ("__init__", "values", "units"),
    ("errors", "hashing", "older_python", "ownership", "urls", "wheelfile", "whole_files", "wording", "workers"),
    ("compressed",),
    ("model",),
    ("interfaces", "http", "changes_document"),
    ("rulebook",),
    ("lockfile", "environment_changes", "fileindex", "elf", "index"),
    ("diagnosis", "explanations", "foresight", "requirements"),
    ("treatment", "report", "rulebook/authoring"),
    ("alternatives", "poorer", "resolving", "undoing", "verification"),
    ("fulfilment",),
    ("doctor",),
    ("system", "frontends", "builder", "store", "journal", "index_client"),
    ("index/serving",),
    ("cli",),
    ("__main__",),
)
FLOOR_OF = {room: number for number, floor in enumerate(FLOORS) for room in floor}
# Inside of a package, too: what stands on the left may not import what stands further right. Who is not named is free.
INSIDE: dict[str, tuple[tuple[str, ...], ...]] = {
    "store": (
        ("layout", "locks"),
        ("publishing", "housekeeping"),
        ("wheels",),
        ("levels",),
        ("environments",),
        ("kinds",),
    ),
    "system": (("process",), ("packages", "python"), ("loader",), ("probe",)),
    "frontends": (("lock_files", "outcome"), ("choice", "remembered"), ("uv",), ("pip",)),
    "rulebook": (("yaml_reading",), ("families",), ("family_reading",), ("book",), ("authoring",)),
    "index/serving": (
        ("index_source",),
        (
            "background_threads",
            "records",
            "file_store",
            "upstream",
            "requests_and_responses",
            "multipart_forms",
        ),
        ("arriving", "built", "filtered", "layers", "file_response", "audit"),
        ("cached_files", "private_packages", "release_changes", "tokens"),
        ("cached", "upload_requests"),
        ("http_application",),
        ("reading_guard",),
        ("operations",),
        ("granian_server",),
    ),
    "cli": (("options",), ("terminal", "session"), ("assembly",), ("commands",)),
}

STARTS_PROCESSES = {
    "system/process/children.py",
    "system/process/own_mounts.py",
    "system/process/runner.py",
    "system/process/sandboxed_process.py",
    "system/process/scratch.py",
    "system/process/session_leader.py",
    "system/process/terminal_session.py",
    "store/environments/halves.py",
}
PROCESSES = re.compile(
    r"(subprocess|pexpect|multiprocessing|pty|asyncio\.subprocess|concurrent\.futures\.ProcessPoolExecutor)\b"
    r"|os\.(system|popen|fork|forkpty|exec\w+|spawn\w+|posix_spawnp?)$"
)
SPEAKS_HTTP = {"http.py"}
HTTP = re.compile(r"(httpx|urllib\.request|http\.client|requests|urllib3)\b")
PRINTS = re.compile(r"(click|rich\.console|rich\.live|rich\.progress)\b|sys\.(stdout|stderr)$")

MODULE_LINES = 300
FUNCTION_LINES = 40
LOCAL_IMPORTS = 4.0  # per thousand lines

# What a docstring of a function begins with if it begins with no verb.
NO_VERB = re.compile(
    r"(What|Whether|Those|Who|Whom|Whose|Which|As|How|Where|When|Why|The|A|An|All|One|Both|Each|Every|Everything"
    r"|Nothing|Nobody|Something|Its|It|This|Of|For|At|True|False|Held|Told)\b"
)

FUNCTIONS = [
    (path, node)
    for path, tree in TREES.items()
    for node in ast.walk(tree)
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
]


def test_imports_run_downward():
    wrong = []
    for path in TREES:
        room = _room(path.removesuffix(".py").split("/"))
        assert room in FLOOR_OF, f"{path}: give the new room {room!r} a floor in this test and in architecture.md"
        for name in imports(path):
            if not name.startswith("accel_doctor."):
                continue
            other = _room(name.split(".")[1:])
            if other != room and FLOOR_OF.get(other, -1) >= FLOOR_OF[room]:
                wrong.append(f"{path} imports {name}")
    assert wrong == []


def test_imports_run_downward_inside_of_packages():
    wrong = []
    for package, floors in INSIDE.items():
        floor_of = {name: number for number, floor in enumerate(floors) for name in floor}
        start = f"accel_doctor.{package}."
        for path in TREES:
            room = path.removeprefix(f"{package}/").removesuffix(".py").split("/")[0]
            if not path.startswith(f"{package}/") or room not in floor_of:
                continue
            for name in imports(path):
                other = name.removeprefix(start).split(".")[0]
                if name.startswith(start) and floor_of.get(other, -1) > floor_of[room]:
                    wrong.append(f"{path} imports {name}")
    assert wrong == []


def test_no_modules_import_one_another():
    """At their top, that is: whoever needs two of them may need them in either order."""
    modules = {path.removesuffix(".py").removesuffix("/__init__").replace("/", "."): path for path in TREES}
    graph = {}
    for module, path in modules.items():
        top = ast.Module([node for node in TREES[path].body if isinstance(node, ast.Import | ast.ImportFrom)], [])
        names = [name.removeprefix("accel_doctor.") for name in imports(path, top)]
        graph[module] = {name for name in names if name in modules} | {
            parent for name in names if (parent := name.rpartition(".")[0]) in modules and name not in modules
        }
        graph[module].discard(module)
    TopologicalSorter(graph).prepare()  # raises CycleError


def test_only_the_runner_starts_processes():
    assert users_of(PROCESSES, STARTS_PROCESSES) == []


def test_only_one_module_speaks_http():
    assert users_of(HTTP, SPEAKS_HTTP) == []


def test_only_the_command_line_prints():
    own = {path for path in TREES if path.startswith("cli/") or path == "__main__.py"}
    assert users_of(PRINTS, own) == []
    printing = [
        f"{path}:{node.lineno}"
        for path, tree in TREES.items()
        if path not in own
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert printing == []


def test_no_two_modules_share_a_name():
    names = Counter(Path(path).stem for path in TREES if not path.endswith("__.py"))
    shared = sorted(path for path in TREES if names[Path(path).stem] > 1)
    assert shared == []


def test_no_module_outgrows_its_idea():
    lengths = {path: len(_lines(path)) for path in TREES}
    assert {path: lines for path, lines in lengths.items() if lines > MODULE_LINES} == {}


def test_no_function_outgrows_its_idea():
    long = {f"{path}:{node.name}": length for path, node in FUNCTIONS if (length := _length(node)) > FUNCTION_LINES}
    assert long == {}


def test_imports_stand_at_the_top():
    """Only the command boundary, and a few heavy libraries, are imported when they are first needed."""
    local = {
        (path, node.lineno)
        for path, function in FUNCTIONS
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    most = Counter(path for path, _ in local).most_common(8)
    assert len(local) <= LOCAL_IMPORTS * sum(len(_lines(path)) for path in TREES) / 1000, (len(local), most)


def test_matches_are_exhaustive():
    """A ``case _`` hides the member that a closed set gets next; texts and numbers are no closed set."""
    found = [
        f"{path}:{case.pattern.lineno}"
        for path, tree in TREES.items()
        for match in ast.walk(tree)
        if isinstance(match, ast.Match) and not any(isinstance(node, ast.Constant) for node in _patterns(match))
        for case in match.cases
        if isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None and case.pattern.name is None
        if case.guard is None and not _asserts_never(case)
    ]
    assert found == []


def test_docstrings_begin_with_a_verb():
    found = [
        f"{path}:{node.lineno} {text.split()[0]}"
        for path, node in FUNCTIONS
        if not node.name.startswith("_") and not _is_property(node)
        if (text := ast.get_docstring(node)) and NO_VERB.match(text)
    ]
    assert found == []


def test_unit_tests_wait_for_nothing():
    """Terminals, servers as processes, and whatever sleeps or reads the clock belong into tests/integration."""
    slow = re.compile(r"(pexpect|moto_server)\b|time\.(sleep|time|monotonic|perf_counter|process_time)(_ns)?$")
    found = [
        f"{path.relative_to(UNIT)}: {word}"
        for path in sorted(UNIT.rglob("*.py"))
        for word in words_of(ast.parse(path.read_text(encoding="utf-8")))
        if slow.match(word)
    ]
    assert found == []


def words_of(tree: ast.Module) -> Iterator[str]:
    """Yield what is imported, and attributes as they are written."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield f"{node.value.id}.{node.attr}"


def imports(path: str, tree: ast.Module | None = None) -> Iterator[str]:
    """Yield every module that is imported, wherever in the module, or in a part of it, and however."""
    package = ["accel_doctor", *path.split("/")[:-1]]
    for node in ast.walk(tree or TREES[path]):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) + 1 - node.level] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            if (PACKAGE.parent / module.replace(".", "/")).is_dir():  # names in it may be modules of their own
                yield from (f"{module}.{alias.name}" for alias in node.names)
            else:
                yield module
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in LOADERS:
            yield from (item.value for item in node.args if isinstance(item, ast.Constant) and type(item.value) is str)


LOADERS = ("import_module", "__import__")


def users_of(pattern: re.Pattern[str], allowed: set[str]) -> list[str]:
    """List who imports, or reaches by attribute (``os.fork``), what only the ``allowed`` modules may."""
    found = []
    for path, tree in TREES.items():
        if path in allowed:
            continue
        names = set(imports(path))
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module:
                names.update(f"{node.module}.{alias.name}" for alias in node.names)
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                names.add(f"{node.value.id}.{node.attr}")
        found += [f"{path} uses {name}" for name in sorted(names) if pattern.match(name)]
    return found


def _room(parts: Sequence[str]) -> str:
    """Return the room that the floors name: a package, a package inside of one, or a module."""
    return next((room for room in ("/".join(parts[:2]), parts[0]) if room in FLOOR_OF), parts[0])


def _lines(path: str) -> list[str]:
    return (PACKAGE / path).read_text(encoding="utf-8").splitlines()


def _length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    assert node.end_lineno is not None
    return node.end_lineno - node.lineno + 1


def _patterns(match: ast.Match) -> Iterator[ast.AST]:
    return (node for case in match.cases for node in ast.walk(case.pattern))


def _asserts_never(case: ast.match_case) -> bool:
    return "assert_never" in ast.dump(case.body[-1])


def _is_property(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(getattr(decorator, "id", "").endswith("property") for decorator in node.decorator_list)
