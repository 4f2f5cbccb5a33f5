"""What goes wrong at archives, as data, and how it looks on the wire."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import StrEnum

from starlette.responses import Response, StreamingResponse

STALL = 60.0  # s; far beyond any client's patience
BOMB_MEMBER = gzip.compress(bytes(16 * 2**20), 9)
EXPORT_PENDING = (
    "User x@example.org has 1 pending export requests (JSOC_20261120_0372); please wait until "
    "at least one request has completed before submitting a new one."
)


class Trick(StrEnum):
    """One way in which an answer can be wrong."""

    TOO_MANY_REQUESTS = "429"
    FORBIDDEN = "403"
    UNAVAILABLE = "503"
    GONE = "404"
    STALLED = "begins to send and then goes silent"
    TRUNCATED = "breaks off in the middle of the body"
    WRONG_LENGTH = "declares and sends half of the body"
    WEB_PAGE = "sends a web page with status 200"
    GZIP_BOMB = "sends a small file that expands to 512 MiB"
    STALE_LISTING = "lists all but the newest file"
    DUPLICATE_SLOT = "lists every file twice"
    HOSTILE_HREF = "lists files of other hosts and directories, too"
    DRMS_EMPTY = "finds no records"
    DRMS_OFFLINE = "has records but says NoDataDirectory"
    DRMS_PENDING = "answers status 7"


@dataclass(frozen=True, slots=True)
class Fault:
    """The next *times* requests whose HOST/PATH contains *match* meet the *trick*.

    retry_after : s, sent along with a 429 or 503
    """

    trick: Trick
    match: str = ""
    times: int = 1
    retry_after: int | None = None


def spoil_listing(trick: Trick, names: list[str]) -> list[str]:
    """The hrefs that a directory with *names* (sorted) shows under this trick."""
    match trick:
        case Trick.STALE_LISTING:
            return names[:-1]
        case Trick.DUPLICATE_SLOT:
            return [name for name in names for _ in range(2)]
        case Trick.HOSTILE_HREF:
            hostile = [
                wrong
                for name in names
                for wrong in (
                    f"https://other.example/{name}",
                    f"//other.example/{name}",
                    f"../../{name}",
                    f"..%2F{name}",
                    f"javascript:{name}",
                )
            ]
            return hostile + names
        case _:
            return names


def refuse(fault: Fault) -> Response | None:
    """The answer that takes the place of any other, if the trick is of that kind."""
    trick = fault.trick
    match trick:
        case Trick.TOO_MANY_REQUESTS | Trick.FORBIDDEN | Trick.UNAVAILABLE | Trick.GONE:
            wait = fault.retry_after
            headers = {} if wait is None else {"Retry-After": str(wait)}
            return Response(status_code=int(trick), headers=headers)
        case Trick.STALLED:
            return StreamingResponse(_silence(), headers={"Content-Length": "1000"})
        case Trick.WEB_PAGE:
            return Response("<!DOCTYPE html><html><body>Maintenance</body></html>")
        case Trick.GZIP_BOMB:
            return Response(BOMB_MEMBER * 32)
        case _:
            return None


def spoil_file(trick: Trick, content: bytes) -> Response | None:
    """The file *content* as this trick sends it, if it touches files."""
    half = content[: len(content) // 2]
    match trick:
        case Trick.TRUNCATED:
            return StreamingResponse(
                _interrupted(half), headers={"Content-Length": str(len(content))}
            )
        case Trick.WRONG_LENGTH:
            return Response(half)
        case _:
            return None


def spoil_records(trick: Trick, answer: dict[str, object]) -> dict[str, object]:
    """The DRMS *answer* under this trick."""
    match trick:
        case Trick.DRMS_EMPTY:
            return {"count": 0, "runtime": 0.012, "status": 0}
        case Trick.DRMS_PENDING:
            return {"status": 7, "error": EXPORT_PENDING, "contact": "jsoc_help@jsoc.stanford.edu"}
        case Trick.DRMS_OFFLINE if "segments" in answer:
            offline = ["NoDataDirectory"] * int(str(answer["count"]))
            return answer | {"segments": [{"name": "magnetogram", "values": offline}]}
        case _:
            return answer


async def _silence() -> AsyncIterator[bytes]:
    yield b"SIMPLE  ="
    await asyncio.sleep(STALL)


async def _interrupted(half: bytes) -> AsyncIterator[bytes]:
    yield half
