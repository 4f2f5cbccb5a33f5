"""Whether a file on this disk is whole: compression, FITS structure, content hash.

Nothing here interprets what a file says about the Sun.
"""

from __future__ import annotations

import gzip
import hashlib
import math
import zlib
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from pipeline.core import BadFile, InputFile

LARGEST = 256 * 2**20  # bytes; an uncompressed 4096² frame of doubles has half of that
GZIP_MAGIC = b"\x1f\x8b"
FITS_MAGIC = b"SIMPLE  ="
BLOCK, CARD = 2880, 80  # bytes; FITS Standard 4.0, §3.1 and §4.1


class Kind(StrEnum):
    """How a file's bytes are laid out."""

    FITS = "FITS"
    FITS_GZ = "gzip-compressed FITS"
    TEXT = "text"


def defect(path: Path, kind: Kind) -> str | None:
    """What keeps the file at *path* from being a whole file of its *kind*, as a clause.

    None means: not empty, not a web page, gzip checksum right and its expansion
    below :data:`LARGEST`, every FITS header closed and every data unit there.
    """
    with path.open("rb") as file:
        head = file.read(512)
        if not head:
            return "is empty"
        if head.lstrip().lower().startswith((b"<!doctype", b"<html", b"<?xml")):
            return f"is a web page instead of {kind}"
        file.seek(0)
        if kind is Kind.TEXT:
            return "is binary instead of text" if b"\0" in file.read() else None
        if kind is Kind.FITS:
            return _fits_defect(file, path.stat().st_size)
        if not head.startswith(GZIP_MAGIC):
            return "is not gzip-compressed"
        return _gzip_defect(file)


def sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def local(path: Path) -> InputFile:
    """A user's own file as an input, its structure verified as far as its kind is known.

    Raises
    ------
    BadFile : missing, a folder, unreadable, empty, or cut short.
    """
    if path.is_dir():
        raise BadFile(path, "is a folder", "name a single file")
    try:
        with path.open("rb") as file:
            head = file.read(len(FITS_MAGIC))
    except FileNotFoundError:
        raise BadFile(path, "does not exist", "check the spelling of its name") from None
    except OSError as error:
        raise BadFile(
            path, f"cannot be read ({error.strerror})", "check its permissions"
        ) from error
    kinds = {GZIP_MAGIC: Kind.FITS_GZ, FITS_MAGIC: Kind.FITS}
    kind = next((kind for magic, kind in kinds.items() if head.startswith(magic)), None)
    problem = defect(path, kind) if kind else None if head else "is empty"
    if problem:
        raise BadFile(path, problem, "fetch it again from where it came")
    return InputFile(path, path.resolve().as_uri(), sha256(path))


def _gzip_defect(file: BinaryIO) -> str | None:
    """Expand the file twice, to see that it ends and then what it is, and keep nothing of it."""
    try:
        with gzip.GzipFile(fileobj=file) as stream:
            size = 0
            while chunk := stream.read(2**20):
                size += len(chunk)
                if size > LARGEST:
                    return f"expands beyond {LARGEST // 2**20} MiB"
            stream.seek(0)
            return _fits_defect(stream, size)
    except EOFError:
        return "is cut short (the gzip stream does not end)"
    except (gzip.BadGzipFile, zlib.error) as error:
        return f"is damaged ({error})"


def _fits_defect(file: BinaryIO | gzip.GzipFile, size: int) -> str | None:
    """Walk the header and data units of a FITS file of *size* bytes (Standard 4.0, §3.3 to §3.5).

    Forward only, which is all that a compressed file does with ease.
    """
    if file.read(len(FITS_MAGIC)) != FITS_MAGIC:
        return "is not FITS"
    position, images = 0, 0
    while position < size:
        file.seek(position)
        cards = _header(file)
        if cards is None:
            return "is cut short (a FITS header does not end)"
        if not {"SIMPLE", "XTENSION"} & cards.keys():
            break  # special records after the last unit, which the standard allows
        try:
            length = _data_length(cards)
        except (KeyError, ValueError):
            return "has a damaged FITS header (its data size is not given)"
        position = file.tell() + length
        if position > size:
            return f"is cut short ({size} bytes of {position})"
        position += -position % BLOCK
        images += length > 0
    return None if images else "holds no data, only a FITS header"


def _header(file: BinaryIO | gzip.GzipFile) -> dict[str, str] | None:
    """Keyword and value text of the header unit at the file's position; None if unfinished."""
    cards: dict[str, str] = {}
    while len(block := file.read(BLOCK)) == BLOCK:
        for start in range(0, BLOCK, CARD):
            card = block[start : start + CARD].decode("latin-1")
            keyword = card[:8].rstrip()
            if keyword == "END":
                return cards
            cards.setdefault(keyword, card[10:].partition("/")[0].strip())
    return None


def _data_length(cards: dict[str, str]) -> int:
    """Bytes of the data unit, without padding (FITS Standard 4.0, equations 1 and 2)."""
    axes = [int(cards[f"NAXIS{n + 1}"]) for n in range(int(cards["NAXIS"]))]
    if not axes:
        return 0
    groups, parameters = int(cards.get("GCOUNT", 1)), int(cards.get("PCOUNT", 0))
    length = abs(int(cards["BITPIX"])) // 8 * groups * (parameters + math.prod(axes))
    if length < 0:
        raise ValueError(length)
    return length
