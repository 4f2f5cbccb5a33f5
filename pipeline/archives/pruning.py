"""Deleting what was fetched long ago.

Whatever goes is fetched again if it is asked for. Refuses to know: how long anything is kept.
"""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

ENGINES = "engines"  # belongs to the networks, and is expensive


def prune(cache: Path, keep: timedelta) -> int:
    """Delete the files below *cache* that were last written longer ago than *keep*.

    Returns how many. Folders stay while something lies in them.
    """
    oldest = time.time() - keep.total_seconds()
    count = 0
    for folder in (f for f in cache.glob("*") if f.is_dir() and f.name != ENGINES):
        for path in sorted(folder.rglob("*"), reverse=True):  # what is inside before what it is in
            with suppress(OSError):  # gone, or not empty, or not ours
                if path.is_dir() and not path.is_symlink():
                    path.rmdir()
                elif path.lstat().st_mtime < oldest:
                    path.unlink()
                    count += 1
    return count
