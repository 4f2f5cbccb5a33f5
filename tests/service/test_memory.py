"""What a cycle leaves behind goes back to the system."""

from __future__ import annotations

import gc
import platform
import weakref
from pathlib import Path

import numpy as np
import pytest

from pipeline.service import memory

PIECE, PIECES = 64 * 1024, 2000  # bytes, below what the C library maps one by one


def resident() -> int:
    """Bytes of this process that are in memory and of no file."""
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in status if line.startswith("RssAnon"))


def test_garbage_that_refers_to_itself_is_gone() -> None:
    class Figure:
        def __init__(self) -> None:
            self.canvas = self

    gc.disable()
    try:
        figure = Figure()
        watched = weakref.ref(figure)
        del figure
        assert watched() is not None
        memory.give_back()
        assert watched() is None
    finally:
        gc.enable()


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library has no malloc_trim")
def test_freed_pages_are_gone() -> None:
    pieces = [np.ones(PIECE, np.uint8) for _ in range(PIECES)]
    last = pieces.pop()  # keeps what lies below it with the process
    del pieces
    before = resident()
    memory.give_back()
    assert before - resident() > 0.8 * PIECE * PIECES
    assert last.all()
