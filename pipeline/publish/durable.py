"""Writing a file so that it is whole or absent, even after a power cut."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.core import CannotWrite

REMEDY = "free some space there, make it writable for this user, or choose another directory"


@contextmanager
def writing(path: Path, size: int) -> Iterator[Path]:
    """Lend a file beside *path*, which takes its place in one step when filled.

    Space for *size* bytes is asked for first, so that a full disk is known, and
    known for what it is, before a library fails halfway.

    Raises
    ------
    CannotWrite : the file system refuses; what was at *path* is untouched.
    """
    part = path.with_name(f".{path.name}.part")
    with refusals(path):
        try:
            with part.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, size)
            try:
                yield part
            except RuntimeError as error:  # how NetCDF's library speaks of a disk that filled since
                raise OSError(f"{error}".lower()) from error
            _sync(part, os.O_RDONLY)
            part.replace(path)
            sync_directory(path.parent)
        finally:
            part.unlink(missing_ok=True)


def write(path: Path, content: bytes) -> None:
    """Put *content* at *path*; readers see the old file or the new one.

    Raises
    ------
    CannotWrite : the file system refuses; what was at *path* is untouched.
    """
    with writing(path, len(content)) as part:
        part.write_bytes(content)


def sync_directory(path: Path) -> None:
    """Make the names in a directory survive a power cut."""
    _sync(path, os.O_RDONLY | os.O_DIRECTORY)


@contextmanager
def refusals(path: Path) -> Iterator[None]:
    """Word what the file system refuses below *path* as :class:`CannotWrite`."""
    try:
        yield
    except OSError as error:
        raise CannotWrite(f"{path}: {(error.strerror or str(error)).lower()}; {REMEDY}.") from error


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
