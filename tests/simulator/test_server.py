"""The stand-in server is as strict and as plain as the archives."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import drms
import httpx
import pytest
from astropy.io import fits
from drms.config import ServerConfig

from pipeline.simulator.server import ArchiveServer


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root" / "gong2.nso.edu" / "oQR"
    folder.mkdir(parents=True)
    (folder / "a+b&c.txt").write_bytes(b"0123456789")
    (tmp_path / "secret.txt").write_text("outside")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    return tmp_path / "root"


@pytest.fixture
def server(root: Path) -> Iterator[ArchiveServer]:
    with ArchiveServer(root) as server:
        yield server


def test_directory_looks_as_apache_lists_it(server: ArchiveServer) -> None:
    page = httpx.get(f"{server.url}/gong2.nso.edu/oQR/").text
    assert "<title>Index of /gong2.nso.edu/oQR</title>" in page
    assert '<a href="a%2Bb%26c.txt">a+b&amp;c.txt</a> 20' in page
    assert httpx.get(f"{server.url}/gong2.nso.edu/oQR").headers["Location"] == "/gong2.nso.edu/oQR/"


def test_files_carry_what_clients_rely_on(server: ArchiveServer) -> None:
    url = f"{server.url}/gong2.nso.edu/oQR/a+b&c.txt"
    whole = httpx.get(url)
    assert whole.content == b"0123456789"
    assert {"last-modified", "etag", "content-length"} <= set(whole.headers)
    part = httpx.get(url, headers={"Range": "bytes=2-4"})
    assert (part.status_code, part.content) == (206, b"234")


@pytest.mark.parametrize(
    "path", ["%2e%2e/secret.txt", "x/..%2f..%2fsecret.txt", "gong2.nso.edu/oQR/link.txt"]
)
def test_nothing_outside_the_folder_is_served(server: ArchiveServer, path: str) -> None:
    assert httpx.get(f"{server.url}/{path}").status_code == 404


def test_drms_answers_as_the_public_client_expects(real_archive: Path) -> None:
    with ArchiveServer(real_archive) as server:
        base = f"{server.url}/jsoc.stanford.edu/"
        client = drms.Client(
            server=ServerConfig(
                name="stand-in",
                cgi_baseurl=f"{base}cgi-bin/ajax/",
                cgi_show_series="show_series",
                cgi_jsoc_info="jsoc_info",
                cgi_jsoc_fetch="jsoc_fetch",
                http_download_baseurl=base,
            )
        )
        assert client.series("hmi") == ["hmi.M_720s"]
        assert client.pkeys("hmi.M_720s") == ["T_REC", "CAMERA"]
        day = "hmi.M_720s[2014.01.01_00:00:00_TAI-2014.01.02_00:00:00_TAI]"
        keys, segments = client.query(day, key="T_REC,QUALITY,CRLT_OBS,NONE", seg="magnetogram")
        assert list(keys["T_REC"]) == ["2014.01.01_00:00:00_TAI", "2014.01.02_00:00:00_TAI"]
        assert list(keys["QUALITY"]) == [0, 0]
        assert keys["CRLT_OBS"][0] == pytest.approx(-3.004814550854288)
        assert list(keys["NONE"]) == ["Invalid KeyLink"] * 2
        assert client.query("hmi.M_720s[2015.01.01_00:00:00_TAI]", key="T_REC").empty
        as_is = httpx.get(base.rstrip("/") + segments["magnetogram"][0]).content
    header = fits.Header.fromstring(as_is[2880:].decode("latin-1").partition("END   ")[0])
    assert header["BSCALE"] == pytest.approx(1.9607843137254901)
    assert "CRLT_OBS" not in header
    assert "QUALITY" not in header
