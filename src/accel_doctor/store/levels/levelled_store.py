"""The wheel store with shared levels behind the local one: reads go through them in order, writes to all."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

from accel_doctor.hashing import sha256_of
from accel_doctor.interfaces import Notifier
from accel_doctor.model.builds import Wheel
from accel_doctor.model.wheels import BuildKey, Entry, Link, Provenance
from accel_doctor.store.levels.shared_level import SharedLevel
from accel_doctor.store.levels.signing import Signatures
from accel_doctor.store.wheels.wheel_entries import LIMIT, entry_from_json, entry_to_json
from accel_doctor.store.wheels.wheel_store import LocalWheelStore, entry_of
from accel_doctor.wheelfile import is_pure
from accel_doctor.wording import count

_WHEEL_LIMIT = 4 << 30  # bytes: a bound above any real wheel
_SENDING = 4  # wheels sent in parallel


class LevelledStore:
    """Implement :class:`accel_doctor.interfaces.WheelStore`.

    Wheels from a level are verified, stored locally and served from there. Levels are written to in the background;
    :meth:`finishing` waits for that. A failing level is no error: it is reported once and skipped from then on.
    """

    def __init__(
        self,
        local: LocalWheelStore,
        levels: Sequence[SharedLevel],
        signatures: Signatures,
        work: Path,
        notifier: Notifier,
    ) -> None:
        """Use ``work`` as a scratch directory; it must live as long as the run."""
        self._local = local
        self._levels = levels
        self._signatures = signatures
        self._work = work
        self._notifier = notifier
        self._sender = ThreadPoolExecutor(_SENDING, thread_name_prefix="send")
        self._sending: list[Future[None]] = []
        self._state = threading.Lock()
        self._missed: set[str] = set()
        self._refused: set[tuple[str, str]] = set()

    def get(self, key: BuildKey) -> Wheel | None:
        """Return the local wheel, else that of the first level that has one. Levels are asked once per key and run."""
        if (wheel := self._local.get(key)) or not key.shared:
            return wheel
        with self._state:
            names = [name for name in dict.fromkeys((key.exact, key.pure)) if name not in self._missed]
            self._missed.update(names)
        for number, level in enumerate(self._levels):
            for name in names:
                if level.usable and (found := self._bring(level, name, must_be_pure=name != key.exact)):
                    entry, kept = found
                    self._send(entry, kept.path, self._levels[:number])
                    return kept
        return None

    def put(
        self,
        key: BuildKey,
        wheel: Path,
        provenance: Provenance,
        links: Sequence[Link],
        instead_of: Wheel | None = None,
    ) -> Wheel:
        """Store a wheel locally, signed if there is a signing key."""
        entry = self._signatures.signed(entry_of(key, wheel, provenance, links))
        if instead_of:
            self._local.clear(key, instead_of)
        return self._local.add(entry, wheel)

    def confirm(self, wheel: Wheel, links: Sequence[Link]) -> None:
        """Send a wheel to every writable level, with all its links, unless an earlier run has, or it is poorer."""
        self._local.confirm(wheel, links)
        if not wheel.imported and not wheel.lacks and (entry := self._local.entry_of_kept(wheel)):
            self._send(self._signatures.signed(entry), wheel.path, self._levels)

    def discard(self, wheel: Wheel) -> None:
        self._local.discard(wheel)

    def building(self, key: BuildKey) -> AbstractContextManager[None]:
        return self._local.building(key)

    @contextmanager
    def finishing(self) -> Iterator[None]:
        """Wait at the end of the block until built wheels are sent; deadlines bound the wait. An interrupted run
        does not wait."""
        try:
            yield
            pending = sum(not sending.done() for sending in self._sending)
            if pending:
                self._notifier.step(f"Sending {count(pending, 'wheel')} to shared levels")
            self._sender.shutdown()
        except Exception:
            self._sender.shutdown()  # wheels built before the failure are just as useful
            raise
        except BaseException:
            for level in self._levels:
                level.skip(None)
            self._sender.shutdown(wait=False, cancel_futures=True)
            raise
        finally:
            for level in self._levels:
                level.tell_denial()

    def _bring(self, level: SharedLevel, name: str, *, must_be_pure: bool) -> tuple[Entry, Wheel] | None:
        try:
            scratch = Path(tempfile.mkdtemp(prefix="level-", dir=self._work))
            entry = self._entry(level, name, scratch / "entry.json")
            # a cleanup of a level may remove wheels first
            if entry is None or not level.fetch(_wheel_name(entry), scratch / entry.file, entry.size):
                return None
            wheel = scratch / entry.file
            if sha256_of(wheel) != entry.sha256 or (must_be_pure and not is_pure(wheel)):
                level.skip(f"{entry.file} does not match its entry")
                return None
            kept = self._local.add(entry, wheel)
            if kept.path != wheel:
                wheel.unlink()
            self._local.confirm(kept, ())  # levels have only wheels that were imported
            return entry, replace(kept, imported=True)
        except OSError as error:  # our own disk
            level.skip(f"cannot keep its wheels here: {error}")
            return None

    def _entry(self, level: SharedLevel, name: str, target: Path) -> Entry | None:
        if not level.fetch(_entry_name(name), target, LIMIT):
            return None
        try:
            entry = entry_from_json(target.read_bytes())
            if entry.key != name or entry.size > _WHEEL_LIMIT:
                raise ValueError("wrong key, or wheel too large")
        except ValueError as error:
            level.skip(f"{_entry_name(name)}: invalid entry: {error}")
            return None
        objection = self._signatures.objection(entry)
        if objection is None:
            return entry
        with self._state:
            told = (level.name, objection) in self._refused
            self._refused.add((level.name, objection))
        if not told:
            self._notifier.note(f"ignoring wheels of shared level {level.name}: {objection} ({entry.file}, ...)")
        return None

    def _send(self, entry: Entry, wheel: Path, levels: Sequence[SharedLevel]) -> None:
        for level in levels:
            if level.writable:
                self._sending.append(self._sender.submit(self._send_now, entry, wheel, level))

    def _send_now(self, entry: Entry, wheel: Path, level: SharedLevel) -> None:
        if not level.send(_wheel_name(entry), wheel):
            return
        try:
            described = Path(tempfile.mkdtemp(prefix="entry-", dir=self._work)) / "entry.json"
            described.write_bytes(entry_to_json(entry))
        except OSError as error:
            self._notifier.note(f"cannot send {entry.file} to shared level {level.name}: {error}")
            return
        level.send(_entry_name(entry.key), described)  # last, because it publishes the wheel


def _entry_name(key: str) -> str:
    return f"wheels/v2/{key[:2]}/{key}/entry.json"


def _wheel_name(entry: Entry) -> str:
    # Two machines may build one key at once, and their builds differ: each entry has its own wheel.
    return f"wheels/v2/{entry.key[:2]}/{entry.key}/{entry.sha256}/{entry.file}"
