"""One question to a tier of archives: what they offer, newest first, and what of it arrives."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipeline.archives.cache import Cache
from pipeline.archives.catalog import JSOC, Archive, DrmsSeries, Remote, Tree
from pipeline.archives.jsoc import Jsoc
from pipeline.archives.ledger import Ledger
from pipeline.archives.listing import Entry
from pipeline.archives.politeness import Trouble
from pipeline.archives.sources import Source
from pipeline.core import InputFile


@dataclass(frozen=True, slots=True)
class Fetched:
    """A whole file, the UTC its name stands for, and the archive it came from."""

    file: InputFile
    time: datetime
    archive: str


class Search:
    """Listings and problems of one question; each directory is read once.

    problems : sentences, each once, in the order in which they occurred
    """

    def __init__(self, cache: Cache, ledger: Ledger, source: Source, jsoc: Jsoc | None) -> None:
        self._cache = cache
        self._ledger = ledger
        self._source = source
        self._jsoc = jsoc
        self._listings: dict[str, tuple[Entry, ...] | Trouble] = {}
        self.problems: dict[str, None] = {}

    def arrivals(
        self,
        tier: tuple[Archive, ...],
        start: datetime,
        end: datetime,
        every: timedelta,
        have: Iterable[datetime] = (),
    ) -> Iterator[Fetched]:
        """Whole files of [start, end], newest first, *every* or more from another and from *have*.

        Of files for the same time the first archive's is taken, or if that does not
        arrive, the next one's.
        """
        offers = heapq.merge(
            *(self._offers(archive, start, end) for archive in tier),
            key=lambda remote: -remote.time.timestamp(),
        )
        taken = list(have)
        for remote in offers:
            if any(abs(remote.time - time) < every for time in taken):
                continue
            file = self._obtain(remote)
            if file is not None:
                taken.append(remote.time)
                yield Fetched(file, remote.time, remote.archive.name)

    def _obtain(self, remote: Remote) -> InputFile | None:
        finish = self._jsoc.add_keywords if self._jsoc and remote.record else None
        try:
            return self._cache.obtain(remote, self._source, finish)
        except Trouble as trouble:
            self._report(trouble)
            return self._cache.held(remote.url)

    def _offers(self, archive: Archive, start: datetime, end: datetime) -> Iterator[Remote]:
        if isinstance(archive, Tree):
            return self._tree(archive, start, end)
        return self._series(archive, start, end)

    def _tree(self, tree: Tree, start: datetime, end: datetime) -> Iterator[Remote]:
        for directory in tree.directories(start, end):
            try:
                entries = self._entries(directory)
            except Trouble as trouble:
                self._report(trouble)
                yield from self._known(tree, directory, start, end)
                continue
            remotes = [
                Remote(tree, directory + entry.name, time, entry.name, entry.changed)
                for entry in entries
                if (time := tree.time_of(entry.name, directory)) and start <= time <= end
            ]
            yield from sorted(remotes, key=lambda r: (-r.time.timestamp(), r.name))

    def _series(self, series: DrmsSeries, start: datetime, end: datetime) -> Iterator[Remote]:
        if self._jsoc is None:
            return
        try:
            remotes, troubles = self._jsoc.records(series, start, end)
        except Trouble as trouble:
            self._report(trouble)
            yield from self._known(series, JSOC, start, end)
            return
        for offline in troubles:
            self._report(offline)
        yield from remotes

    def _entries(self, directory: str) -> tuple[Entry, ...]:
        """The listing of *directory*, or the trouble it made when it was first asked for."""
        if directory not in self._listings:
            try:
                self._listings[directory] = self._source.entries(directory)
            except Trouble as trouble:
                self._listings[directory] = trouble
        listing = self._listings[directory]
        if isinstance(listing, Trouble):
            raise listing
        return listing

    def _known(
        self, archive: Archive, below: str, start: datetime, end: datetime
    ) -> Iterator[Remote]:
        """What was fetched from below this URL and still lies here, when it cannot be listed."""
        for row in self._ledger.known(archive.name, start, end):
            if row.url.startswith(below) and self._cache.held(row.url):
                yield Remote(archive, row.url, row.slot, row.path.rpartition("/")[2])

    def _report(self, trouble: Trouble) -> None:
        self.problems[str(trouble)] = None
