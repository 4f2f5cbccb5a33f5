"""Files on this machine: each fetched completely and once, the bad ones set apart."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from pipeline.archives import telemetry
from pipeline.archives.catalog import Remote
from pipeline.archives.ledger import File, Ledger
from pipeline.archives.politeness import Trouble, Unavailable
from pipeline.archives.sources import Incoming, Source
from pipeline.archives.verify import LARGEST, defect, sha256
from pipeline.core import CannotWrite, InputFile

INCOMING, QUARANTINE = "incoming", "quarantine"
ABANDONED = 86400.0  # s; a part this old belongs to no running download


class Cache:
    """The folder of fetched files, laid out as HOST/PATH, with its ledger.

    Raises
    ------
    CannotWrite : from every method that writes, when the file system refuses.
    """

    def __init__(self, folder: Path, ledger: Ledger, clock: Callable[[], datetime]) -> None:
        self._folder = folder
        self._ledger = ledger
        self._clock = clock
        self._sizes_seen: dict[str, int | None] = {}
        with _writing(folder):
            for name in (INCOMING, QUARANTINE):
                (folder / name).mkdir(parents=True, exist_ok=True)
            for part in (folder / INCOMING).iterdir():
                if time.time() - part.stat().st_mtime > ABANDONED:
                    part.unlink(missing_ok=True)

    def held(self, url: str) -> InputFile | None:
        """The whole file fetched last from *url*, if it still lies here unchanged in size."""
        row = self._ledger.current(url)
        return self._input(row) if row is not None and self._intact(row) else None

    def obtain(
        self, remote: Remote, source: Source, finish: Callable[[Remote, Path], None] | None = None
    ) -> InputFile:
        """The file *remote* stands for, fetched unless it is held and was not replaced.

        *finish* completes the verified file in place before it is taken in.

        Raises
        ------
        Trouble : it cannot be had now, or what came is not a whole file.
        """
        row = self._ledger.current(remote.url)
        held = row is not None and self._intact(row)
        if row is not None and held and not _replaced(row, remote):
            return self._input(row)
        self._respect_waiting(remote)
        with self._part() as part:
            incoming = source.receive(remote.url, lambda it: self._take(remote, it, part))
            with _writing(part):  # somebody may empty the cache meanwhile
                problem = defect(part, remote.archive.kind)
                if problem:
                    raise self._quarantine(remote, part, problem)
                if finish is not None:
                    finish(remote, part)
                return self._file(remote, part, incoming)

    def _respect_waiting(self, remote: Remote) -> None:
        failure = self._ledger.failure(remote.url)
        if failure is not None and self._clock() < failure.retry_at:
            raise Trouble(
                remote.url,
                f"{failure.reason} ({failure.attempts} times)",
                f"it is asked for again after {failure.retry_at:%Y-%m-%d %H:%MZ}",
            )

    def _take(self, remote: Remote, incoming: Incoming, part: Path) -> Incoming:
        """Write what comes to *part*, if it has settled; refuse what is too much or too little."""
        self._require_settled(remote, incoming)
        written = 0
        with _writing(part), part.open("wb") as file:
            for chunk in incoming.chunks:
                written += len(chunk)
                if written > LARGEST:
                    raise Trouble(remote.url, f"is larger than {LARGEST // 2**20} MiB")
                file.write(chunk)
        telemetry.BYTES.labels(telemetry.archive(remote.url)).inc(written)
        if incoming.size is not None and written != incoming.size:
            raise Trouble(remote.url, f"ended after {written} of {incoming.size} bytes", again=True)
        return incoming

    def _require_settled(self, remote: Remote, incoming: Incoming) -> None:
        """Refuse a new file changed a moment ago, unless the poll before saw the same size."""
        now = self._clock()
        archive = remote.archive
        is_new = now - remote.time < 2 * archive.latency
        changing = incoming.modified is not None and now - incoming.modified < archive.settle
        if is_new and changing and self._sizes_seen.get(remote.url, -1) != incoming.size:
            self._sizes_seen[remote.url] = incoming.size
            raise Unavailable(remote.url, "may still be being written")
        self._sizes_seen.pop(remote.url, None)

    def _quarantine(self, remote: Remote, part: Path, problem: str) -> Trouble:
        telemetry.FETCHES.labels(telemetry.archive(remote.url), "corrupt").inc()
        kept = f"{QUARANTINE}/{sha256(part)[:12]}-{remote.name}"
        self._place(part, kept)
        self._ledger.fail(
            remote.url, remote.archive.name, remote.time, problem, kept, self._clock()
        )
        remedy = f"kept as {self._folder / kept} and fetched again at the next poll"
        return Trouble(remote.url, problem, remedy)

    def _file(self, remote: Remote, part: Path, incoming: Incoming) -> InputFile:
        digest = sha256(part)
        row = File(
            url=remote.url,
            sha256=digest,
            archive=remote.archive.name,
            slot=remote.time,
            size=part.stat().st_size,
            path=self._home(remote, digest),
            changed=remote.changed,
            modified=incoming.modified,
            etag=incoming.etag,
            fetched_at=self._clock(),
        )
        self._place(part, row.path)
        self._ledger.add(row)
        return self._input(row)

    def _home(self, remote: Remote, digest: str) -> str:
        """Where a content belongs; replaced content leaves the older one where it lies."""
        parts = urlsplit(remote.url)
        folder = Path(parts.netloc, unquote(parts.path).lstrip("/")).parent
        usual = str(folder / remote.name)
        owner = self._ledger.owner(usual)
        if owner is None or owner.sha256 == digest or not self._intact(owner):
            return usual
        return str(folder / digest[:12] / remote.name)

    def _place(self, part: Path, home: str) -> None:
        """Move *part* to its place in one step that survives a power cut."""
        target = self._folder / home
        with _writing(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            _sync(part)
            part.replace(target)
            _sync(target.parent)

    @contextmanager
    def _part(self) -> Iterator[Path]:
        part = self._folder / INCOMING / f"{uuid4().hex}.part"
        try:
            yield part
        finally:
            part.unlink(missing_ok=True)

    def _intact(self, row: File) -> bool:
        try:
            return (self._folder / row.path).stat().st_size == row.size
        except OSError:
            return False

    def _input(self, row: File) -> InputFile:
        return InputFile(self._folder / row.path, row.url, row.sha256)


def _replaced(row: File, remote: Remote) -> bool:
    return bool(row.changed and remote.changed and row.changed != remote.changed)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CannotWrite(
            f"{path}: {error.strerror or error}; free some space there or give permission to write."
        ) from error
