"""The pages, asked over a socket as anybody might."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from pipeline.core import BadRequest
from pipeline.service import http, metrics

CONTENT = bytes(range(256)) * 16
SECRET = b"not for readers"


@pytest.fixture(scope="module")
def products(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of one set, and what lies around it."""
    data = tmp_path_factory.mktemp("data")
    root = data / "products"
    file = root / "synchronic/2014/05/20/allsun_synchronic_20140520T1200Z_r00.nc"
    file.parent.mkdir(parents=True)
    file.write_bytes(CONTENT)
    one = root / ".sets/20140520T1200Z_r00"
    one.mkdir(parents=True)
    (one / "set.json").write_text("{}")
    (one / "synchronic.nc").symlink_to(file)
    (root / "latest").symlink_to(Path(".sets", one.name))
    (root / "latest.json").symlink_to(Path("latest", "set.json"))
    (root / ".staging").mkdir()
    (root / ".staging" / "half.nc").write_bytes(SECRET)
    (root / ".lock").write_bytes(SECRET)
    (root / "notes.txt").write_bytes(SECRET)
    (data / "ledger.nc").write_bytes(SECRET)
    (root / "outside.nc").symlink_to(data / "ledger.nc")
    return root


@pytest.fixture(scope="module")
def server(products: Path) -> Iterator[http.Server]:
    """The pages of a daemon that is well and has nothing recent to show."""
    pages = http.application(
        products,
        healthy=lambda: (True, {"idle": 1}),
        ready=lambda: (False, {"age_seconds": 9000}),
        status=lambda: {"last_cycles": []},
    )
    with http.Server(pages, "127.0.0.1", 0) as server:
        yield server


@pytest.fixture(scope="module")
def client(server: http.Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"http://127.0.0.1:{server.port}") as client:
        yield client


NAME = "/products/synchronic/2014/05/20/allsun_synchronic_20140520T1200Z_r00.nc"


@pytest.mark.parametrize("path", [NAME, "/latest/synchronic.nc"])
def test_a_product_comes_whole_with_its_type(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.content) == (200, CONTENT)
    assert answer.headers["content-type"] == "application/x-netcdf"
    assert client.head(path).headers["content-length"] == f"{len(CONTENT)}"


def test_a_part_of_a_product_can_be_asked_for(client: httpx.Client) -> None:
    answer = client.get(NAME, headers={"Range": "bytes=10-19"})
    assert (answer.status_code, answer.content) == (206, CONTENT[10:20])
    assert answer.headers["content-range"] == f"bytes 10-19/{len(CONTENT)}"
    beyond = client.get(NAME, headers={"Range": f"bytes={len(CONTENT)}-"})
    assert beyond.status_code == 416


def test_what_has_not_changed_is_not_sent_again(client: httpx.Client) -> None:
    tag = client.get(NAME).headers["etag"]
    answer = client.get(NAME, headers={"If-None-Match": tag})
    assert (answer.status_code, answer.content) == (304, b"")


def test_latest_is_a_page_of_its_own(client: httpx.Client) -> None:
    for path in ("/products/latest.json", "/latest/set.json"):
        answer = client.get(path)
        assert (answer.status_code, answer.json()) == (200, {})
        assert answer.headers["content-type"] == "application/json"


def raw(server: http.Server, request: bytes, patience: float = 60.0) -> bytes:
    """What comes back for *request* as it stands, which no client would send."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=patience) as connection:
        connection.sendall(request)
        answer = b""
        while part := connection.recv(65536):
            answer += part
    return answer


@pytest.mark.parametrize(
    "path",
    [
        "/products/../ledger.nc",
        "/products/synchronic/../../ledger.nc",
        "/products/%2e%2e/ledger.nc",
        "/products/..%2fledger.nc",
        "/products/%252e%252e/ledger.nc",
        "/products/..%5cledger.nc",
        "/products//etc/passwd",
        "/products/%2fetc%2fpasswd",
        "/products/outside.nc",
        "/products/.lock",
        "/products/.staging/half.nc",
        "/products/.sets/../.staging/half.nc",
        "/products/notes.txt",
        "/products/",
        "/products/synchronic",
        "/products/latest%00.nc",
        "/products/" + "a" * 5000 + ".nc",
        "/latest/../.staging/half.nc",
        "/latest/..%2f..%2fnotes.txt",
        "/latest/%2e%2e/%2e%2e/.lock",
    ],
)
def test_no_path_leads_out_of_the_products(server: http.Server, path: str) -> None:
    answer = raw(server, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert answer.split()[1] in (b"404", b"400"), answer[:200]
    assert SECRET not in answer
    assert b"root:" not in answer


@pytest.mark.parametrize(
    "head",
    [
        b"GET /metrics HTTP/1.1\r\nHost: x\r\n" + b"X-Long: " + b"a" * 200_000 + b"\r\n\r\n",
        b"GET /metrics HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 50_000 + b"\r\n",
        b"GET /metrics HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n",
        b"GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"GET  / metrics HTTP/9.9\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
    ],
)
def test_a_request_that_is_none_is_refused_and_harms_nobody(
    server: http.Server, client: httpx.Client, head: bytes
) -> None:
    try:
        answer = raw(server, head, patience=3.0)
    except (ConnectionError, TimeoutError):
        answer = b""
    assert not answer or answer.split()[1].startswith(b"4"), answer[:200]
    assert client.get("/healthz").status_code == 200


def test_a_thousand_ranges_are_not_a_thousand_times_the_work(client: httpx.Client) -> None:
    ranges = ",".join(f"{n}-{n + 1}" for n in range(0, 4000, 4))
    answer = client.get(NAME, headers={"Range": f"bytes={ranges}"})
    assert answer.status_code in (200, 206, 400, 416)
    # Each part brings a boundary and two header lines of its own.
    assert len(answer.content) < 300 * 1000


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_can_be_changed(client: httpx.Client, method: str) -> None:
    for path in (NAME, "/latest/synchronic.nc", "/metrics", "/status"):
        assert client.request(method, path).status_code == 405


def test_health_readiness_and_status_say_what_they_were_told(client: httpx.Client) -> None:
    assert (client.get("/healthz").status_code, client.get("/readyz").status_code) == (200, 503)
    assert client.get("/readyz").json() == {"age_seconds": 9000}
    assert client.get("/status").json() == {"last_cycles": []}


def test_metrics_come_in_the_form_that_is_asked_for(client: httpx.Client) -> None:
    plain = client.get("/metrics")
    assert plain.headers["content-type"].startswith("text/plain")
    assert metrics.BUILD.describe()[0].name == "allsun_build"
    assert "allsun_build_info" in plain.text
    openmetrics = client.get("/metrics", headers={"Accept": "application/openmetrics-text"})
    assert openmetrics.text.endswith("# EOF\n")


def test_an_address_that_is_taken_is_one_sentence(server: http.Server, products: Path) -> None:
    pages = http.application(products, lambda: (True, {}), lambda: (True, {}), dict)
    with pytest.raises(BadRequest, match=r"Nothing can be served on .*; set service\.host and"):
        http.Server(pages, "127.0.0.1", server.port)
