"""Good data of every kind, to be spoiled: small simulated files, and real ones where they are."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from pipeline.core import CarringtonGrid, Disk
from pipeline.settings import Settings, as_toml
from pipeline.simulator.instruments import aia, euvi, gong_synoptic, hmi, seismic
from pipeline.simulator.sun import Moment

ROOT = Path(__file__).resolve().parents[2]
ARCHIVE = ROOT.parent / "shared" / "archive"
TIME = datetime(2026, 11, 20, 12, tzinfo=UTC)
LARGEST = 600_000  # bytes of a real sample: beyond it there is more to copy than to parse

APACHE = """<h1>Index of /oQR/zqs/202609/mrzqs260901</h1><pre>
<a href="?C=N;O=D">Name</a> <a href="?C=M;O=A">Last modified</a><hr>
<a href="/oQR/zqs/202609/">Parent Directory</a>
<a href="mrzqs260901t0014c2314_029.fits.gz">mrzqs260901t0014c2..&gt;</a> 2026-09-01 01:05  240K
<a href="mrzqs260901t0114c2314_028.fits.gz">mrzqs260901t0114c2..&gt;</a> 01-Sep-2026 02:05  240K
<a href="old/">old/</a> 2026-09-01 00:00  -
</pre><address>Apache/2.4 Server</address>"""
TABLE = """<table><tr><td><a href="hmi.M_720s_nrt.20261120_000000_TAI.fits">hmi.M..</a></td>
<td align="right">2026-11-20 01:31  </td><td align="right"> 14M</td></tr>
<tr><td><a href='AR_LIST_2026.11.20_12%3a00:00.txt'>12</a></td><td>2026-11-20 13:00</td></tr>"""
HEADERS = (b"120", b"Fri, 20 Nov 2026 12:00:00 GMT", b"Friday, 20-Nov-26 12:00:00 GMT")
TIMES = (b"2026-11-20T12:00Z", b"2014-01-31", b"2014-01-31T00:00:00.5+01:00", b"36h", b"1.5d")
ENVIRONMENT = (
    b"ALLSUN_CYCLE__WINDOW=36h",
    b"ALLSUN_SURFACE__GRID=360x180",
    b'ALLSUN_ENHANCE__NETWORKS=["one", "two"]',
    b'ALLSUN_CORONA={"radial_cells": 35}',
    b"ALLSUN_DATA=/var/lib/allsun",
)
REAL_FITS = (
    "farside.nso.edu/**/*.fits",
    "extra/hmi_farside/*.fits.gz",
    "extra/gong_synoptic/cr2048.fits.gz",
    "extra/euvi_171_binned/*_a.fits",
    "extra/sharp/*.377.*.magnetogram.fits",
    "gong.nso.edu/**/*.fits.gz",
)


class Glow:
    """A corona that is equally bright all over the disk, and dark beyond."""

    def rate(self, moment: Moment, disk: Disk, size: int, wavelength: int) -> NDArray[np.float32]:
        y, x = np.ogrid[:size, :size]
        shining = np.hypot(x - disk.x0, y - disk.y0) < disk.radius
        return np.where(shining, np.float32(200.0), np.float32(0.0))


def pages() -> list[bytes]:
    """Directory pages as Apache and JSOC write them."""
    return [APACHE.encode(), TABLE.encode()]


def drms_answers() -> list[bytes]:
    """Answers of JSOC to a query of two records, to one that finds none, and a refusal."""
    slots = ["2026.11.20_03:36:00_TAI", "2026.11.20_04:36:00_TAI"]
    paths = ["/SUM58/D803708321/S00008/magnetogram.fits", "NoDataDirectory"]
    found = {
        "keywords": [
            {"name": "T_REC", "values": slots},
            {"name": "QUALITY", "values": ["0x00000400", "0x00000000"]},
        ],
        "segments": [{"name": "magnetogram", "values": paths, "dims": ["4096x4096"] * 2}],
        "links": [],
        "count": 2,
        "status": 0,
    }
    refused = {"status": 1, "error": " jsoc_info: series not found."}
    return [json.dumps(each).encode() for each in (found, {"count": 0, "status": 0}, refused)]


def drms_keywords() -> list[bytes]:
    """All keywords of one record; the same answer serves for the structure of its series."""
    record = {
        "T_REC": "2026.11.20_03:36:00_TAI",
        "DATE__OBS": "2026-11-20T03:34:00.10Z",
        "TELESCOP": "SDO/HMI",
        "QUALITY": "0x00000400",
        "CRLN_OBS": "123.456789",
        "T_REC_epoch": "1993.01.01_00:00:00_TAI",
        "CALVER64": "0x0000000000000022",
        "CODEVER0": "$Id: mean.c,v 1.1 $ µ\ttab",
        "CRDER1": "MISSING",
    }
    kinds = {"QUALITY": "int", "CALVER64": "longlong", "CRLN_OBS": "double", "CRDER1": "float"}
    keywords = [
        {"name": name, "values": [text], "type": kinds.get(name, "string"), "recscope": "variable"}
        for name, text in record.items()
    ]
    answer = {"primekeys": ["T_REC"], "keywords": keywords, "segments": [], "links": []}
    return [json.dumps(answer | {"note": "", "count": 1, "status": 0}).encode()]


def lists(folder: Path) -> list[bytes]:
    """Lists of far-side regions, with and without rows."""
    some = tuple(
        seismic.Detection(lon=lon, lat=lat, flux=5e21, probability=0.9, area=300.0)
        for lon, lat in ((12.5, -14.0), (250.0, 21.0))
    )
    path, made = folder / "list.txt", []
    for found in (some, ()):
        for write in (seismic.write_catalogue, seismic.write_list):
            write(path, found, TIME)
            made.append(path.read_bytes())
    return made


def cards() -> list[bytes]:
    """The cards of the networks that come with the software."""
    return [path.read_bytes() for path in sorted(ROOT.glob("models/weights/*/*/card.json"))]


def settings_files() -> list[bytes]:
    """Every setting as it is by default, and a short file as an operator writes it."""
    short = b'data = "/srv/allsun"\n[cycle]\nwindow = "90m"\n[enhance]\nnetworks = ["a", "b/1"]\n'
    return [as_toml(Settings()).encode(), short, b'surface.grid = "360x180"\n']


def fits_files(folder: Path) -> list[bytes]:
    """Pictures of every instrument that come small, as plain and as compressed FITS."""
    grid = CarringtonGrid(720, 360)
    lon, lat = grid.mesh()
    waves = 100.0 * np.sin(np.radians(lon)) * np.cos(np.radians(lat))
    sun, random = Moment(TIME, grid, waves.astype(np.float32), ()), np.random.default_rng(0)
    path, made = folder / "sample.fits", []
    hmi.write(path, sun, TIME, random, size=64)
    made.append(path.read_bytes())
    aia.write(path, sun, TIME, random, 193, Glow(), size=64)
    made.append(path.read_bytes())
    euvi.write(path, sun, TIME, random, 195, Glow(), size=64)
    made.append(path.read_bytes())
    coarse = np.zeros(gong_synoptic.GRID.shape)
    gong_synoptic.write(path, coarse, TIME, frames=100)
    made += [path.read_bytes(), gzip.compress(path.read_bytes(), mtime=0)]
    seismic.write_map(path, (), TIME, random)
    made.append(path.read_bytes())
    made.append(_adapt(path))
    for pattern in REAL_FITS:
        for real in sorted(ARCHIVE.glob(pattern))[:1]:
            content = real.read_bytes()
            plain = gzip.decompress(content) if real.suffix == ".gz" else content
            made += [plain] if len(plain) < LARGEST else []
    return made


def _adapt(path: Path) -> bytes:
    """Two small maps of ADAPT."""
    cards = {"MODEL": "ADAPT", "LNGTYPE": 0, "MAPTIME": "2026-11-20T12:00:00", "MISSING": -9999.0}
    axes = {"CDELT1": 10.0, "CDELT2": 10.0, "CRPIX1": 0.5, "CRPIX2": 0.5, "CRVAL2": -90.0}
    header = fits.Header(cards | axes | {"CRVAL1": 0.0, "FLUXSCAL": 1.85})
    fits.PrimaryHDU(np.ones((2, 18, 36), np.float32), header).writeto(path, overwrite=True)
    return path.read_bytes()
