"""Hold the programs that run inside the target interpreter to list and import what is installed there.

They need Python 3.8 or later, and run isolated (-I): without this directory and PYTHONPATH.
"""

from __future__ import annotations

import hashlib

_PREAMBLE = r"""
import glob, os, site, sys
target, prefix, user = sys.argv[1:4]
below = os.path.join(glob.escape(prefix), "lib*", "python*", "*-packages")
for folder in [target] * bool(target) + glob.glob(below) * bool(prefix):
    sys.path.insert(0, folder)
    site.addsitedir(folder)
if user:
    site.addsitedir(site.getusersitepackages())
"""

# Prints, after the mark given as the fourth argument, what is installed of each distribution named on stdin, as JSON:
# its modules, whether it says that it was made for this Python, the normalized names of what it requires under a
# condition (an extra, another system), and the functions behind its commands, by the name of the command.
LIST = (
    _PREAMBLE
    + r"""
import json, re
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.metadata import PackageNotFoundError, distribution

# What some distributions leave at the top by mistake is not theirs to be imported.
STRAY = {"benchmarks", "build", "conftest", "doc", "docs", "example", "examples", "scripts", "setup", "test", "tests"}

def module_of(name):
    for suffix in (*EXTENSION_SUFFIXES, ".py"):
        if name.endswith(suffix):
            return name[:-len(suffix)]

def modules(files):
    found = set()
    for file in files:
        *folders, name = file.parts
        module = module_of(name)
        if module is None or ".." in folders or not all(map(str.isidentifier, [*folders, module])):
            continue
        if module == "__init__":
            found.add(tuple(folders))
        elif not folders:
            found.add((module,))
    tops = [parts for parts in found if parts and not any(parts[:end] in found for end in range(1, len(parts)))]
    return sorted(".".join(parts) for parts in tops if parts[0] not in STRAY and not parts[0].startswith("__"))

def normalized(requirement):
    name = re.match(r"[A-Za-z0-9._-]*", requirement.strip())[0]
    return re.sub(r"[-_.]+", "-", name).lower()

def commands(points):
    own = [one for one in points if one.group in ("console_scripts", "gui_scripts") and "[" not in one.value]
    return dict(sorted((one.name, one.value.replace(" ", "")) for one in own)[:20])

THIS = "Programming Language :: Python :: %d.%d" % sys.version_info[:2]
answer = {}
for name in json.loads(sys.stdin.read()):
    try:
        found = distribution(name)
    except PackageNotFoundError:
        continue
    answer[name] = {
        "modules": modules(found.files or ())[:20],
        "of_this_python": THIS in (found.metadata.get_all("Classifier") or ()),
        "extras": [normalized(each) for each in found.requires or () if ";" in each],
        "commands": commands(found.entry_points),
    }
print(sys.argv[4] + json.dumps(answer))
"""
)

# Imports the modules named from the seventh argument on, the functions behind commands that the sixth has as JSON, and
# the public modules inside of the modules: with "all" as the fifth argument, else only where one of them is an
# extension module or opens libraries by name. Prints, after the mark given as the fourth, one JSON object for each
# module that fails: the exception, and the shared libraries that the import asked for by name and did not find. What
# comes after the modules themselves is announced by a line with how many modules inside of others it comes to, null if
# only to some.
IMPORT = (
    _PREAMBLE
    + r"""
import errno, importlib.util, json, pkgutil, subprocess, threading, traceback
mark, inside, commands, *names = sys.argv[4:]
del sys.argv[1:]
asked = []
clock = None

def hear(event, arguments):
    if event == "ctypes.dlopen" and isinstance(arguments[0], str):
        asked.append(arguments[0])

try:
    import ctypes, ctypes.util
    find = ctypes.util.find_library
    def find_library(name):
        found = find(name)
        if found is None:
            asked.append(str(name))
        return found
    ctypes.util.find_library = find_library
    sys.addaudithook(hear)
except ImportError:
    ctypes = None

def is_there(name):
    if os.path.isabs(name) and os.path.exists(name):
        return True  # what it lacks itself, the exception says
    if ".so" not in name:
        return False
    try:
        return bool(ctypes.CDLL(name))
    except OSError:
        stem = os.path.basename(name)
        return stem.startswith("lib") and stem.endswith(".so") and find(stem[3:-3]) is not None

def lacking(failure):
    # all libraries that the file lacks which could not be loaded; the exception names the first
    if "cannot open shared object file" not in str(failure):
        return []
    files = [getattr(failure, "path", None), *reversed(asked)]
    file = next((one for one in files if one and os.path.isabs(one) and os.path.isfile(one)), None)
    try:
        listed = subprocess.run(["ldd", file], capture_output=True, text=True, timeout=20).stdout if file else ""
    except (OSError, ValueError, subprocess.SubprocessError):
        return []
    return [line.split()[0] for line in listed.splitlines() if line.endswith("=> not found")]

def innermost(failure):
    frame = failure.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    return frame.tb_frame.f_code.co_filename if frame else ""

def trace(failure):
    each = failure
    while each is not None:
        each.__suppress_context__ = True  # another way was tried after the context failed
        each = each.__cause__
    lines = traceback.format_exception(type(failure), failure, failure.__traceback__)
    return "".join(lines[:-1])

def load(name):
    module = importlib.import_module(name)
    found = [one for one in pkgutil.iter_modules(getattr(module, "__path__", ())) if public(one.name)]
    opening = [one for one in found if opens(one)]
    others = [name + "." + one.name for one in [*opening, *found]]  # pyzbar.wrapper opens on import
    most = 60 if inside == "all" else min(60, max(10, len(opening))) if opening else 0
    names.extend([one for one in dict.fromkeys(others) if inside == "all" or one not in sys.modules][:most])

def opens(one):  # an extension module links libraries, and a source may open some by name
    try:
        file = one.module_finder.find_spec(one.name).origin
        if file.endswith(".so"):
            return True
        with open(file, "rb") as stream:
            text = stream.read(1 << 20)
    except (OSError, AttributeError, TypeError, ValueError):
        return False
    return any(word in text for word in (b"find_library(", b"CDLL(", b"dlopen("))

def public(name):
    return not name.startswith(("_", "test")) and name not in ("conftest", "setup", "tests", "cli", "main")

def announce(count, seconds):  # a module that never ends says nothing about the package
    global clock
    print("\n" + mark + json.dumps({"inside": count}), flush=True)
    if clock:
        clock.cancel()
    if count is not None:
        clock = threading.Timer(seconds, os._exit, (0,))
        clock.daemon = True
        clock.start()

def in_spite_of_the_network(action):  # which is not there: sockets that nothing is sent through are had all the same
    import socket
    plain = socket.socket.__init__
    def made(self, family=-1, type=-1, proto=-1, fileno=None):
        try:
            plain(self, family, type, proto, fileno)
        except OSError as failure:
            if failure.errno != errno.ENETUNREACH:
                raise
            plain(self, socket.AF_UNIX, type)
    socket.socket.__init__ = made
    try:
        action()
    finally:
        socket.socket.__init__ = plain

def attempt(name, action, **more):
    del asked[:]
    try:
        try:
            action()
        except OSError as failure:
            if failure.errno != errno.ENETUNREACH:
                raise
            in_spite_of_the_network(action)
    except BaseException as failure:
        wanted = [one for one in dict.fromkeys([*asked, *lacking(failure)]) if not is_there(one)]
        missing = getattr(failure, "name", None) if isinstance(failure, ImportError) else None
        said = {
            "module": name,
            "trace": trace(failure)[-20000:],
            "kinds": [kind.__name__ for kind in type(failure).__mro__],
            "message": str(getattr(failure, "msg", failure) if isinstance(failure, SyntaxError) else failure)[:4000],
            "missing": missing,
            "there": is_regular(missing),
            "variable": isinstance(failure, KeyError) and innermost(failure).endswith(("os.py", "<frozen os>")),
            "libraries": [one[:200] for one in wanted[:100]],
            **more,
        }
        print("\n" + mark + json.dumps(said, default=str), flush=True)

def is_regular(missing):  # whether a missing module is part of a package that is there, and shares its name with none
    if "." not in str(missing):
        return False
    try:
        spec = importlib.util.find_spec(missing.partition(".")[0])
    except (ImportError, ValueError):
        return False
    return spec is not None and spec.has_location

def function(place):
    module, _, names = place.partition(":")
    found = importlib.import_module(module)
    for name in filter(None, names.split(".")):
        found = getattr(found, name)

tops = list(names)
for name in tops:
    attempt(name, lambda: load(name))
commands = json.loads(commands)
if commands:
    announce(0, 40)
for name, place in commands.items():
    attempt(place.partition(":")[0], lambda: function(place), command=name)
inner = names[len(tops):]
if inside == "all" or inner:
    announce(len(inner) if inside == "all" else None, 20)
for name in inner:
    attempt(name, lambda: importlib.import_module(name), inner=True)
"""
)

# Other programs may find what these do not.
DIGEST = hashlib.sha256((LIST + IMPORT).encode()).hexdigest()
