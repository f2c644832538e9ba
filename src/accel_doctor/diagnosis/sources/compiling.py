"""Find the file of a source that its build could not compile, as there is no compiler."""

from __future__ import annotations

import re
from collections.abc import Iterator
from posixpath import normpath

from accel_doctor.diagnosis.sources.source_tree import SourceTree

# distutils prints a command before it runs it, and gives up with the first that it cannot run.
_NOT_RUN = re.compile(
    r" -c (\S{1,500}) -o [^\n]{0,2000}\n\s*error: "
    r"(?:command '[^'\n]{1,200}' failed|\[Errno 2\])(?:: No such file or directory| No such file or directory: )"
)


def file_to_compile(tree: SourceTree, log: str) -> Iterator[str]:
    """Yield the path of the file, if the source has it."""
    found = [normpath(name) for name in _NOT_RUN.findall(log)][-1:]
    yield from (path for path in found if path in tree.texts)
