"""Finding observations: the newest one, or all of a period, from the best archive that answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from types import TracebackType

from pipeline.archives.cache import Cache
from pipeline.archives.catalog import (
    CLOCKS_AHEAD,
    DAY,
    MANNERS,
    MIRROR_MANNERS,
    Group,
    Manners,
)
from pipeline.archives.jsoc import Jsoc
from pipeline.archives.ledger import Ledger
from pipeline.archives.search import Fetched, Search
from pipeline.archives.sources import Folder, Source, Web
from pipeline.core import clock

SLOT = timedelta(seconds=1)  # observations nearer than this are the same one


@dataclass(frozen=True, slots=True)
class Found:
    """The answer to a question.

    files : in order of time
    problems : what went wrong on the way, one sentence each, for the operator
    missing : days asked for of which there is no file (never filled by ``newest``)
    """

    files: tuple[Fetched, ...]
    problems: tuple[str, ...] = ()
    missing: tuple[date, ...] = ()


class Fetcher:
    """Keeps in *cache* what it fetches, and in *ledger* what it fetched.

    mirror : web address or folder that holds HOST/PATH for every archive URL;
        None asks the archives themselves. A folder has no DRMS: that choice is
        then passed over.
    manners : how hosts are asked, the last entry for all others; by default as the
        archives want it, and a mirror without sparing it
    clock : tells the time (UTC)

    Raises
    ------
    BadRequest : *mirror* is a folder that does not exist.
    CannotWrite : from every method, when the cache or the ledger cannot be written.
    """

    def __init__(
        self,
        cache: Path,
        ledger: Ledger,
        mirror: str | None = None,
        *,
        manners: tuple[Manners, ...] | None = None,
        clock: Callable[[], datetime] = clock.now,
    ) -> None:
        self._cache = Cache(cache, ledger, clock)
        self._ledger = ledger
        self._clock = clock
        self._web: Web | None = None
        self._jsoc: Jsoc | None = None
        self._source: Source
        if mirror is None or mirror.startswith(("http://", "https://")):
            manners = manners or (MIRROR_MANNERS if mirror else MANNERS)
            self._source = self._web = Web(mirror, manners, clock)
            self._jsoc = Jsoc(self._web)
        else:
            self._source = Folder(Path(mirror))

    def __enter__(self) -> Fetcher:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close connections; the ledger is its owner's."""
        if self._web is not None:
            self._web.close()

    def newest(self, group: Group, at: datetime, tolerance: timedelta) -> Found:
        """The newest complete observation at or before *at*, at most *tolerance* old."""
        search = self._search()
        start, end = at - tolerance, min(at, self._clock())
        for tier in group.tiers:
            for fetched in search.arrivals(tier, start, end, SLOT):
                return Found((fetched,), tuple(search.problems))
        nothing = (
            f"{group.name}: no observation from {start:%Y-%m-%d %H:%MZ} to {end:%Y-%m-%d %H:%MZ}."
        )
        return Found((), (*search.problems, nothing))

    def between(
        self, group: Group, start: datetime, end: datetime, every: timedelta = SLOT
    ) -> Found:
        """All observations with start <= time <= end, or so many that they lie *every* apart.

        They are chosen from the newest backwards. HMI frames of midnight TAI lie at
        23:59 UTC of the day before; a period of days should begin there.
        """
        search = self._search()
        end = min(end, self._clock())
        files: dict[datetime, Fetched] = {}
        for tier in group.tiers:
            problems = len(search.problems)
            for fetched in search.arrivals(tier, start, end, every, files):
                files[fetched.time] = fetched
            if files and len(search.problems) == problems:
                break
        if not files:
            return Found((), (*search.problems, _nothing(group, start, end)))
        ordered = tuple(files[time] for time in sorted(files))
        return Found(ordered, tuple(search.problems), _missing(start, end, ordered))

    def _search(self) -> Search:
        search = Search(self._cache, self._ledger, self._source, self._jsoc)
        if self._ledger.notice:
            search.problems[self._ledger.notice] = None
            self._ledger.notice = None
        return search


def _nothing(group: Group, start: datetime, end: datetime) -> str:
    return f"{group.name}: no observation from {start:%Y-%m-%d %H:%MZ} to {end:%Y-%m-%d %H:%MZ}."


def _missing(start: datetime, end: datetime, files: tuple[Fetched, ...]) -> tuple[date, ...]:
    """Whole days from *start* to *end* without a file.

    A file of midnight by an archive's TAI or GPS clock counts for the day it begins.
    """
    first, last = start + CLOCKS_AHEAD, end + CLOCKS_AHEAD
    there = {(fetched.time + CLOCKS_AHEAD).date() for fetched in files}
    midnight = datetime.combine(first.date(), time.min, UTC)
    days = (midnight + n * DAY for n in range((last - midnight) // DAY))
    return tuple(day.date() for day in days if day >= first and day.date() not in there)
