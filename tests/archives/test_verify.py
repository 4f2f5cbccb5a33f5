"""Whole files pass, and each way of being broken is named."""

from __future__ import annotations

import gzip
import hashlib
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from pipeline.archives import local
from pipeline.archives.verify import LARGEST, Kind, defect
from pipeline.core import BadFile


def fits_bytes(tmp_path: Path) -> bytes:
    path = tmp_path / "whole.fits"
    image = fits.CompImageHDU(np.arange(4096, dtype=np.int32).reshape(64, 64))
    table = fits.BinTableHDU.from_columns([fits.Column("t", "D", array=np.arange(9.0))])
    fits.HDUList([fits.PrimaryHDU(), image, table]).writeto(path)
    return path.read_bytes()


def test_whole_files_have_no_defect(tmp_path: Path) -> None:
    content = fits_bytes(tmp_path)
    for kind, data in {
        Kind.FITS: content,
        Kind.FITS_GZ: gzip.compress(content, mtime=0),
        Kind.TEXT: b"FS-2026-001 12 34\n",
    }.items():
        path = tmp_path / kind.name
        path.write_bytes(data)
        assert defect(path, kind) is None


def test_what_expands_beyond_all_bounds_takes_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "bomb.fits.gz"
    path.write_bytes(gzip.compress(bytes(2**24)) * (LARGEST // 2**24 + 1))
    tracemalloc.start()
    try:
        assert defect(path, Kind.FITS_GZ) == "expands beyond 256 MiB"
        assert tracemalloc.get_traced_memory()[1] < LARGEST / 16
    finally:
        tracemalloc.stop()


def test_every_truncation_of_a_fits_file_is_noticed(tmp_path: Path) -> None:
    content = fits_bytes(tmp_path)
    path = tmp_path / "cut.fits"
    # The padding of the last block may be missing, as some archives have it.
    for length in range(1, len(content) - 2880, 997):
        path.write_bytes(content[:length])
        assert defect(path, Kind.FITS) is not None, length


@pytest.mark.parametrize(
    ("kind", "content", "problem"),
    [
        (Kind.FITS, b"", "is empty"),
        (Kind.FITS, b"\n<!DOCTYPE HTML><html>", "is a web page instead of FITS"),
        (Kind.TEXT, b"<html><body>404", "is a web page instead of text"),
        (Kind.FITS, b"\x89PNG....." * 400, "is not FITS"),
        (Kind.FITS, b"SIMPLE  =                    T" + b" " * 3000, "header does not end"),
        (Kind.FITS_GZ, b"SIMPLE  =  T", "is not gzip-compressed"),
        (Kind.FITS_GZ, gzip.compress(b"SIMPLE  =" * 999, mtime=0)[:-9], "gzip stream does not end"),
        (Kind.FITS_GZ, gzip.compress(b"no fits", mtime=0), "is not FITS"),
        (Kind.FITS_GZ, gzip.compress(bytes(2**24)) * (LARGEST // 2**24 + 1), "expands beyond"),
        (Kind.TEXT, b"FS-1\0", "is binary instead of text"),
    ],
)
def test_defects_are_named(tmp_path: Path, kind: Kind, content: bytes, problem: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    assert problem in (defect(path, kind) or "")


def test_damaged_gzip_fails_its_checksum(tmp_path: Path) -> None:
    content = bytearray(gzip.compress(fits_bytes(tmp_path)))
    content[-8] ^= 1
    path = tmp_path / "damaged.fits.gz"
    path.write_bytes(content)
    assert "CRC check failed" in (defect(path, Kind.FITS_GZ) or "")


def test_header_without_data_is_no_observation(tmp_path: Path) -> None:
    path = tmp_path / "bare.fits"
    fits.PrimaryHDU().writeto(path)
    assert defect(path, Kind.FITS) == "holds no data, only a FITS header"


def test_local_file_becomes_an_input(tmp_path: Path) -> None:
    content = fits_bytes(tmp_path)
    file = local(tmp_path / "whole.fits")
    assert file.sha256 == hashlib.sha256(content).hexdigest()
    assert file.url.startswith("file:///")


def test_local_names_file_and_remedy(tmp_path: Path) -> None:
    empty = tmp_path / "empty.fits"
    empty.touch()
    cut = tmp_path / "cut.fits"
    cut.write_bytes(fits_bytes(tmp_path)[:9000])
    cases = {
        tmp_path: "is a folder; name a single file",
        tmp_path / "absent.fits": "does not exist; check the spelling",
        empty: "is empty; fetch it again",
        cut: "is cut short",
    }
    for path, words in cases.items():
        with pytest.raises(BadFile, match=words) as caught:
            local(path)
        assert str(path) in str(caught.value)


def test_real_files_are_whole(real_archive: Path) -> None:
    for path in [*real_archive.rglob("*.fits"), *real_archive.rglob("*.fits.gz")]:
        kind = Kind.FITS_GZ if path.suffix == ".gz" else Kind.FITS
        assert defect(path, kind) is None, path
