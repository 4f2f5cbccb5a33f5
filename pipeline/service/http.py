"""Pages for machines and readers: metrics, health, status, and the products, read-only.

Knows: paths, status codes, and what of the data directory anyone may see. Refuses to know:
what healthy means; it asks.
"""

from __future__ import annotations

import mimetypes
import os
import socket
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import uvicorn
from prometheus_client import REGISTRY
from prometheus_client.exposition import choose_encoder
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from pipeline.core import BadRequest

# Products only: neither locks nor what is being written.
TYPES = {
    ".nc": "application/x-netcdf",
    ".fits": "application/fits",
    ".png": "image/png",
    ".json": "application/json",
}
MOST_CONNECTIONS = 512
for _suffix, _type in TYPES.items():
    mimetypes.add_type(_type, _suffix)

Report = Callable[[], Mapping[str, Any]]
Verdict = Callable[[], tuple[bool, Mapping[str, Any]]]


class Products(StaticFiles):
    """The files of the product store below *path*, with ranges, ETags and their types."""

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        """The file that *path* means, if it is one that readers may see."""
        parts = Path(path).parts
        if any(part.startswith(".") for part in parts) or Path(path).suffix not in TYPES:
            return "", None
        return super().lookup_path(path)


class Latest(Products):
    """The newest set; each request sees one set, whole, whatever is published meanwhile."""

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        """The file of that set that *path* means."""
        return super().lookup_path(os.path.join("latest", path))


def application(products: Path, healthy: Verdict, ready: Verdict, status: Report) -> Starlette:
    """The pages.

    products : root of the product store; it need not exist yet
    healthy, ready : whether it is, and what to say of it
    status : everything an operator asks first
    """

    def metrics(request: Request) -> Response:
        encode, kind = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(REGISTRY), media_type=kind)

    def verdict(judge: Verdict) -> Callable[[Request], Response]:
        def page(request: Request) -> Response:
            good, reason = judge()
            return JSONResponse(dict(reason), 200 if good else 503)

        return page

    def state(request: Request) -> Response:
        return JSONResponse(dict(status()))

    return Starlette(
        routes=[
            Route("/metrics", metrics),
            Route("/healthz", verdict(healthy)),
            Route("/readyz", verdict(ready)),
            Route("/status", state),
            Mount("/products", Products(directory=products, check_dir=False)),
            Mount("/latest", Latest(directory=products, check_dir=False)),
        ]
    )


class Server:
    """*pages* on *host* and *port*, from a thread, while the context lasts.

    Raises
    ------
    BadRequest : the address cannot be had.
    """

    def __init__(self, pages: Starlette, host: str, port: int) -> None:
        try:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            self._socket = socket.create_server((host, port), family=family, backlog=1024)
        except OSError as error:
            raise BadRequest(
                f"Nothing can be served on {host}:{port} ({error.strerror or error}); "
                "set service.host and service.port to an address that is free."
            ) from error
        self.port: int = self._socket.getsockname()[1]
        self._server = uvicorn.Server(
            uvicorn.Config(
                pages,
                lifespan="off",
                ws="none",
                access_log=False,
                log_config=None,
                server_header=False,
                limit_concurrency=MOST_CONNECTIONS,
                timeout_keep_alive=15,
                timeout_graceful_shutdown=2,
            )
        )
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name="http", daemon=True
        )

    def __enter__(self) -> Server:
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
        self._thread.join(timeout=5)
        self._socket.close()
