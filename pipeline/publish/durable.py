"""Writing a file so that it is whole or absent, even after a power cut."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.core import CannotWrite

REMEDY = "free some space there, make it writable for this user, or choose another directory"


def write(path: Path, content: bytes | memoryview) -> None:
    """Put *content* at *path* in one step; readers see the old file or the new one.

    Raises
    ------
    CannotWrite : the file system refuses.
    """
    part = path.with_name(f".{path.name}.part")
    with refusals(path):
        try:
            with part.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
            sync_directory(path.parent)
        except OSError:
            part.unlink(missing_ok=True)
            raise


def sync_directory(path: Path) -> None:
    """Make the names in a directory survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def refusals(path: Path) -> Iterator[None]:
    """Word what the file system refuses below *path* as :class:`CannotWrite`."""
    try:
        yield
    except OSError as error:
        raise CannotWrite(f"{path}: {(error.strerror or str(error)).lower()}; {REMEDY}.") from error
