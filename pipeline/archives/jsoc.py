"""HMI through DRMS, the record database of JSOC, by way of the ``drms`` package.

It is asked when the HTTP tree fails. Its files come as they lie in storage, with
no keywords but the structural ones; the record's keywords are written into them
here, so that what leaves is like any file of the tree.

``drms`` waits 60 s for an answer (or the socket module's default time-out). The
spacing, retries and circuit breaker are those of the host.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from http.client import HTTPException
from pathlib import Path
from typing import Any, TypeVar, cast
from urllib.error import HTTPError
from urllib.parse import urlsplit

import drms
from astropy.io import fits
from drms.config import ServerConfig
from drms.exceptions import DrmsError

from pipeline.archives.catalog import JSOC, DrmsSeries, Remote
from pipeline.archives.politeness import Trouble, Unavailable
from pipeline.archives.sources import Web, refusal
from pipeline.core import from_tai, to_tai

T = TypeVar("T")
T_REC = "%Y.%m.%d_%H:%M:%S_TAI"
MISSING = frozenset({"", "MISSING", "Invalid KeyLink", "nan"})
NO_FILE = frozenset({"NoDataDirectory", "InvalidSegName", "NoDataFile"})
# Below it files are kept here, too: a path that leads elsewhere is not followed.
STORAGE = re.compile(r"/?(?:\w[\w.-]*/)*\w[\w.-]*", re.ASCII)
KEYWORD = re.compile(r"[A-Z0-9_-]{1,8}")  # FITS Standard 4.0, section 4.1.2.1
NOT_MERGED = frozenset({"HISTORY", "COMMENT", "CHECKSUM", "DATASUM"})


class Jsoc:
    """The DRMS server behind ``http://jsoc.stanford.edu`` or its stand-in."""

    def __init__(self, web: Web) -> None:
        self._web = web

    def records(
        self, series: DrmsSeries, start: datetime, end: datetime
    ) -> tuple[tuple[Remote, ...], tuple[Trouble, ...]]:
        """The records of [start, end] with data, newest first, and what is wrong with others.

        Raises
        ------
        Trouble : the server fails or refuses the query.
        """
        first, last = _next_slot(to_tai(start), series.cadence), to_tai(end)
        if first > last:
            return (), ()
        span = f"{first:{T_REC}}-{last:{T_REC}}@{_step(series.cadence)}"

        def ask(client: Any) -> list[tuple[str, str]]:
            keys, segments = client.query(
                f"{series.series}[{span}][? quality >= 0 ?]",
                key="T_REC,QUALITY",
                seg=series.segment,
                convert_numeric=False,
            )
            return [] if keys.empty else _pairs(keys["T_REC"], segments[series.segment])

        remotes, troubles = [], []
        for slot, path in self._ask(series.name, ask):
            try:
                remote = _remote(series, slot, path)
            except Trouble as trouble:
                troubles.append(trouble)
            else:
                remotes += [remote] if start <= remote.time <= end else []
        remotes.sort(key=lambda remote: remote.time, reverse=True)
        return tuple(remotes), tuple(troubles)

    def add_keywords(self, remote: Remote, path: Path) -> None:
        """Write the keywords of the record into the as-is FITS file at *path*."""
        keys = self._ask(
            remote.archive.name, lambda client: client.query(remote.record, key="**ALL**")
        )
        if len(keys) != 1:
            raise Unavailable(remote.url, f"has {len(keys)} records of keywords instead of one")
        # Opened as a table, the compressed pixels pass through untouched.
        with fits.open(path, disable_image_compression=True) as hdus:
            header = hdus[-1].header
            structural = frozenset(header) | NOT_MERGED
            for name, value in keys.iloc[0].items():
                keyword = fits_keyword(str(name))
                writable = KEYWORD.fullmatch(keyword) and keyword not in structural
                if writable and not _is_missing(value):
                    header[keyword] = _card_value(value)
            complete = path.with_suffix(".complete")
            hdus.writeto(complete, overwrite=True, checksum=True)
        complete.replace(path)

    def _ask(self, name: str, query: Callable[[Any], T]) -> T:
        """The answer to *query*, with every failure worded as Trouble of the archive *name*."""
        base = self._web.address(f"{JSOC}/")
        client = drms.Client(
            server=ServerConfig(
                name="JSOC",
                cgi_baseurl=f"{base}cgi-bin/ajax/",
                cgi_show_series="show_series",
                cgi_jsoc_info="jsoc_info",
                cgi_jsoc_fetch="jsoc_fetch",
                http_download_baseurl=base,
            )
        )

        def ask() -> T:
            try:
                return query(client)
            except HTTPError as error:
                error.close()
                raise refusal(name, error.code, error.headers.get("Retry-After")) from error
            except DrmsError as error:
                raise Unavailable(name, f"refused the query ({error})") from error
            except (OSError, HTTPException) as error:
                raise Trouble(name, f"does not answer ({error})", again=True) from error
            except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
                raise Trouble(name, "answered with something other than DRMS records") from error

        return self._web.host(JSOC)[1].call(urlsplit(JSOC).netloc, ask)


def fits_keyword(name: str) -> str:
    """The FITS keyword that JSOC's own exports write for the DRMS keyword *name*."""
    keyword = name.replace("__", "-").upper()
    return keyword if len(keyword) <= 8 else keyword.replace("_", "")[:8]


def _pairs(slots: Iterable[object], paths: Iterable[object]) -> list[tuple[str, str]]:
    """Texts of two columns, row by row; raises TypeError or ValueError if they are none."""
    pairs = [(slot, path) for slot, path in zip(slots, paths, strict=True)]
    if not all(isinstance(text, str) for pair in pairs for text in pair):
        raise TypeError("a column holds something other than text")
    return cast("list[tuple[str, str]]", pairs)


def _remote(series: DrmsSeries, slot: str, path: str) -> Remote:
    record = f"{series.series}[{slot}]"
    if path in NO_FILE or path in MISSING:
        raise Unavailable(record, f"has no file online ({path or 'no path'})")
    if not STORAGE.fullmatch(path):
        raise Unavailable(record, f"lies at no path in storage ({path})")
    try:
        tai = datetime.strptime(slot, T_REC)
    except ValueError:
        raise Unavailable(record, "has no time") from None
    name = f"{series.series}.{tai:%Y%m%d_%H%M%S}_TAI.fits"
    return Remote(series, f"{JSOC}/{path.lstrip('/')}", from_tai(tai), name, record=record)


def _step(cadence: timedelta) -> str:
    """*cadence* as a record set states it: in minutes, or in seconds if they are not whole."""
    seconds = cadence // timedelta(seconds=1)
    return f"{seconds}s" if seconds % 60 else f"{seconds // 60}m"


def _next_slot(time: datetime, step: timedelta) -> datetime:
    """The first whole *step* of the day at or after *time*."""
    midnight = time.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + math.ceil((time - midnight) / step) * step


def _is_missing(value: Any) -> bool:
    return value in MISSING if isinstance(value, str) else math.isnan(value)


def _card_value(value: Any) -> str | int | float:
    """A value that a FITS card can hold: printable text or a plain number."""
    if isinstance(value, str):
        return re.sub(r"[^ -~]", " ", value)
    number: int | float = value.item() if hasattr(value, "item") else value
    return number
