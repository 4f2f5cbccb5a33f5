"""Files of the workshop: whole or not there, whatever happens while they are written."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from pipeline.core import CannotWrite


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let *write* make a file beside *path*, then put it in its place.

    Raises
    ------
    CannotWrite : no space, no permission, no such place.
    """
    # The ending stays, since some writers look at it.
    partial = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(partial)
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        raise CannotWrite(f"{path}: it cannot be written ({error.strerror}).") from None
    finally:
        partial.unlink(missing_ok=True)
