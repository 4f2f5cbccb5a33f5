"""Where bytes come from: the web, or a folder that stands for it.

Both answer alike, so nothing behind them knows which it was.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from http.client import responses
from pathlib import Path
from typing import Protocol, TypeVar
from urllib.parse import unquote, urlsplit

import httpx

from pipeline.archives.catalog import Manners
from pipeline.archives.listing import Entry, entries, oddities
from pipeline.archives.oddities import note
from pipeline.archives.politeness import Absent, Host, Trouble
from pipeline.core import BadRequest

T = TypeVar("T")
CHUNK = 2**20  # bytes
LONGEST_WAIT = 86400.0  # s
LARGEST_PAGE = 16 * 2**20  # bytes; a directory of a year has less than one


@dataclass(frozen=True, slots=True)
class Incoming:
    """A file on its way: what was said of it beforehand, and its bytes."""

    size: int | None
    modified: datetime | None
    etag: str | None
    chunks: Iterator[bytes]


class Source(Protocol):
    """Something that stands behind archive URLs."""

    def entries(self, url: str) -> tuple[Entry, ...]:
        """What the directory *url* (ending in a slash) offers; nothing if there is none."""
        ...

    def receive(self, url: str, consume: Callable[[Incoming], T]) -> T:
        """Hand the file to *consume*, anew for every attempt; raises Trouble."""
        ...


class Folder:
    """A folder that holds HOST/PATH for every URL."""

    def __init__(self, root: Path) -> None:
        if not root.is_dir():
            raise BadRequest(
                f"The archive {root} is not a folder; name one that holds HOST/PATH, or a URL."
            )
        self._root = root

    def entries(self, url: str) -> tuple[Entry, ...]:
        try:
            with os.scandir(self._path(url)) as found:
                files = sorted((f for f in found if f.is_file()), key=lambda f: f.name)
                return tuple(Entry(f.name, _written(f.stat())) for f in files)
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise Trouble(str(self._path(url)), f"cannot be read ({error.strerror})") from error

    def receive(self, url: str, consume: Callable[[Incoming], T]) -> T:
        path = self._path(url)
        try:
            file = path.open("rb")
        except FileNotFoundError:
            raise Absent(str(path), "is listed but not there") from None
        except OSError as error:
            raise Trouble(str(path), f"cannot be read ({error.strerror})") from error
        with file:
            stat = os.fstat(file.fileno())
            modified = datetime.fromtimestamp(stat.st_mtime, UTC)
            chunks = iter(lambda: file.read(CHUNK), b"")
            return consume(Incoming(stat.st_size, modified, None, chunks))

    def _path(self, url: str) -> Path:
        parts = urlsplit(url)
        return self._root / parts.netloc / unquote(parts.path).lstrip("/")


class Web:
    """The hosts themselves, or with *mirror* the web address that holds HOST/PATH for all."""

    def __init__(
        self, mirror: str | None, manners: tuple[Manners, ...], clock: Callable[[], datetime]
    ) -> None:
        self._mirror = mirror.rstrip("/") if mirror else None
        self._manners = manners
        self._clock = clock
        self._client = httpx.Client(headers={"User-Agent": "allsun", "Accept-Encoding": "identity"})

    def close(self) -> None:
        self._client.close()

    def address(self, url: str) -> str:
        """Where *url* is asked for."""
        parts = urlsplit(url)
        return f"{self._mirror}/{parts.netloc}{parts.path}" if self._mirror else url

    def host(self, url: str) -> tuple[Manners, Host]:
        """The door through which *url* is asked for, and its manners.

        A family of hosts named in the manners has one door, every other host its own.
        """
        name = urlsplit(url).netloc
        manners = next(
            m for m in self._manners if m.host in ("", name) or name.endswith(f".{m.host}")
        )
        return manners, _door(self._mirror, manners.host or name, manners, self._clock)

    def entries(self, url: str) -> tuple[Entry, ...]:
        try:
            page = self.receive(url, lambda incoming: _page(url, incoming))
        except Absent:
            return ()
        address = self.address(url)
        found = entries(page, address)
        note(url, (entry.name for entry in found), oddities(page, address))
        return found

    def receive(self, url: str, consume: Callable[[Incoming], T]) -> T:
        manners, host = self.host(url)
        return host.call(urlsplit(url).netloc, lambda: self._get(url, manners, consume))

    def _get(self, url: str, manners: Manners, consume: Callable[[Incoming], T]) -> T:
        deadline = time.monotonic() + manners.deadline
        try:
            response = self._ask(url, manners)
            try:
                if response.status_code != 200:
                    elsewhere = response.next_request
                    raise refusal(
                        url,
                        response.status_code,
                        response.headers.get("Retry-After"),
                        f" to {elsewhere.url}" if elsewhere else "",
                    )
                return consume(_incoming(url, response, deadline))
            finally:
                response.close()
        except httpx.TimeoutException:
            problem = f"sent nothing for {manners.patience:g} s"
        except httpx.HTTPError as error:
            problem = f"broke off the connection ({str(error) or type(error).__name__})"
        except httpx.InvalidURL as error:
            raise Trouble(url, f"answered with a redirect to nowhere ({error})") from error
        raise Trouble(url, problem, again=True)

    def _ask(self, url: str, manners: Manners) -> httpx.Response:
        """Send a GET and read the headers; redirects are followed within the host only."""
        request = self._client.build_request("GET", self.address(url), timeout=manners.patience)
        host = request.url.host
        for _ in range(3):
            response = self._client.send(request, stream=True)
            following = response.next_request
            if following is None or following.url.host != host:
                break
            response.close()
            request = following
        return response


@cache
def _door(mirror: str | None, name: str, manners: Manners, clock: Callable[[], datetime]) -> Host:
    """The one door of this process to a host, so that no two jobs hurry it at once."""
    return Host(name, manners, clock)


def refusal(url: str, status: int, retry_after: str | None, detail: str = "") -> Trouble:
    """What an HTTP *status* other than success means for *url*."""
    if status in (404, 410):
        return Absent(url, f"is not there ({status})")
    answer = f"answered {status} {responses.get(status, '')}".rstrip() + detail
    again = status == 429 or status >= 500
    return Trouble(url, answer, again=again, wait=_seconds(retry_after))


def _incoming(url: str, response: httpx.Response, deadline: float) -> Incoming:
    def chunks() -> Iterator[bytes]:
        for chunk in response.iter_raw(CHUNK):
            if time.monotonic() > deadline:
                raise Trouble(url, "sends too slowly to finish")
            yield chunk

    length = response.headers.get("Content-Length", "")
    modified = _http_date(response.headers.get("Last-Modified"))
    size = int(length) if length.isdecimal() and len(length) < 20 else None
    return Incoming(size, modified, response.headers.get("ETag"), chunks())


def _page(url: str, incoming: Incoming) -> str:
    page = bytearray()
    for chunk in incoming.chunks:
        page += chunk
        if len(page) > LARGEST_PAGE:
            raise Trouble(url, f"sends a directory page beyond {LARGEST_PAGE // 2**20} MiB")
    return page.decode("utf-8", errors="replace")


def _seconds(text: str | None) -> float | None:
    """Seconds to wait as a Retry-After header says, given as a number or as a date (RFC 9110).

    A host that asks for more than a day is asked again after a day.
    """
    if text is None or (text := text.strip()).isdecimal():
        return min(float(text), LONGEST_WAIT) if text else None
    date = _http_date(text)
    if date is None:
        return None
    return min(max(0.0, (date - datetime.now(UTC)).total_seconds()), LONGEST_WAIT)


def _http_date(text: str | None) -> datetime | None:
    """The UTC of an HTTP date (RFC 9110), or None if the text is none; without a zone it is UTC."""
    try:
        date = parsedate_to_datetime(text) if text else None
        return date and (date.astimezone(UTC) if date.tzinfo else date.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        return None


def _written(stat: os.stat_result) -> str:
    return f"{datetime.fromtimestamp(stat.st_mtime, UTC):%Y-%m-%d %H:%M} {stat.st_size}"
