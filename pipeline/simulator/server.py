"""An archive server on this machine: serves HOST/PATH from a folder, and misbehaves on request.

Directories look as Apache lists them, files carry Last-Modified, Content-Length,
ETag and ranges, and ``jsoc.stanford.edu/cgi-bin/ajax`` answers like JSOC's DRMS.

For a person: ``python -m pipeline.simulator.server FOLDER --port 8000``, then set
``archives.mirror`` to ``http://127.0.0.1:8000``.
"""

from __future__ import annotations

import argparse
import socket
import threading
from dataclasses import replace
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from pipeline.simulator.drms_records import Records
from pipeline.simulator.faults import (
    Fault,
    Trick,
    refuse,
    spoil_file,
    spoil_listing,
    spoil_records,
)

DRMS = "jsoc.stanford.edu/cgi-bin/ajax/"
STORAGE = "jsoc.stanford.edu/SUM"


class Archive:
    """The web application over the folder *root*.

    requests : HOST/PATH of every request so far, in order
    faults : what the next requests meet; an entry is used up by its number of times
    """

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self._records = Records(self._root / "jsoc.stanford.edu/data/hmi/fits")
        self._lock = threading.Lock()
        self._met: dict[int, int] = {}
        self.faults: list[Fault] = []
        self.requests: list[str] = []
        self.app = Starlette(routes=[Route("/{path:path}", self._respond)])

    async def _respond(self, request: Request) -> Response:
        path = request.path_params["path"]
        self.requests.append(path)
        fault = self._meet(path)
        if fault is not None and (refusal := refuse(fault)):
            return refusal
        trick = fault.trick if fault else None
        if path.startswith(DRMS):
            return await run_in_threadpool(self._drms, path, dict(request.query_params), trick)
        if path.startswith(STORAGE):
            content = await run_in_threadpool(
                self._records.as_is, path.removeprefix("jsoc.stanford.edu")
            )
            if content is None:
                return Response(status_code=404)
            return (trick and spoil_file(trick, content)) or Response(content)
        return self._file(path, trick)

    def _drms(self, path: str, query: dict[str, str], trick: Trick | None) -> Response:
        answer = self._records.answer(path.removeprefix(DRMS), query)
        return JSONResponse(spoil_records(trick, answer) if trick else answer)

    def _file(self, path: str, trick: Trick | None) -> Response:
        place = (self._root / path).resolve()
        if not place.is_relative_to(self._root) or not place.exists():
            return Response(status_code=404)
        if place.is_dir():
            if not path.endswith("/"):
                return Response(status_code=301, headers={"Location": f"/{quote(path)}/"})
            return HTMLResponse(_listing(path, place, trick))
        if trick and (spoiled := spoil_file(trick, place.read_bytes())):
            return spoiled
        return FileResponse(place)

    def _meet(self, path: str) -> Fault | None:
        """The first fault that still waits for a request like this one."""
        with self._lock:
            for n, fault in enumerate(self.faults):
                if fault.match in path and self._met.get(n, 0) < fault.times:
                    self._met[n] = self._met.get(n, 0) + 1
                    return fault
        return None

    def withdraw(self) -> list[Fault]:
        """Take the faults back that still wait for requests."""
        with self._lock:
            met = [self._met.get(n, 0) for n in range(len(self.faults))]
            left = [
                replace(fault, times=fault.times - times)
                for fault, times in zip(self.faults, met, strict=True)
                if times < fault.times
            ]
            self.faults.clear()
            self._met.clear()
        return left


class ArchiveServer:
    """An :class:`Archive` served from a thread on loopback while the context lasts."""

    def __init__(self, root: Path, port: int = 0) -> None:
        self.archive = Archive(root)
        self._socket = socket.create_server(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        config = uvicorn.Config(
            self.archive.app,
            lifespan="off",
            ws="none",
            log_level="critical",
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True
        )

    def inject(self, fault: Fault) -> None:
        """Let coming requests meet *fault*, after the faults injected before."""
        self.archive.faults.append(fault)

    def __enter__(self) -> ArchiveServer:
        # Connections wait in the socket's queue until the server has started.
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()


def _listing(path: str, folder: Path, trick: Trick | None) -> str:
    """A page as Apache writes it."""
    names = sorted(p.name + "/" * p.is_dir() for p in folder.iterdir())
    rows = []
    for href in spoil_listing(trick, names) if trick else names:
        file = folder / href
        detail = ""
        if file.exists():
            stat = file.stat()
            size = f"{stat.st_size / 1024:.0f}K" if file.is_file() else "-"
            detail = f"{datetime.fromtimestamp(stat.st_mtime, UTC):%Y-%m-%d %H:%M} {size:>5}"
        target = href if href not in names else quote(href, safe="/:")
        rows.append(f'<a href="{escape(target)}">{escape(href)}</a> {detail}')
    title = f"Index of /{escape(path.rstrip('/'))}"
    return (
        f"<html><head><title>{title}</title></head><body><h1>{title}</h1>\n"
        '<pre><a href="?C=N;O=D">Name</a> <a href="?C=M;O=A">Last modified</a><hr>\n'
        '<a href="../">Parent Directory</a>\n' + "\n".join(rows) + "\n<hr></pre></body></html>\n"
    )


def main() -> None:
    """Serve a folder until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.simulator.server")
    parser.add_argument("folder", type=Path, help="holds HOST/PATH")
    parser.add_argument("--port", type=int, default=8000)
    options = parser.parse_args()
    uvicorn.run(Archive(options.folder).app, port=options.port, lifespan="off", ws="none")


if __name__ == "__main__":
    main()
