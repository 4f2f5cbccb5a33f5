"""What is deleted from the cache, and what is not."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path

from pipeline import archives

DAY = 86400.0


def test_old_files_go_and_with_them_the_folders_they_leave_empty(tmp_path: Path) -> None:
    ages = {
        "host/2014/01/old.fits": 50,
        "host/2014/02/young.fits": 40,
        "quarantine/bad.fits": 50,
        "engines/net/engine.plan": 50,
    }
    for name, days in ages.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        path.touch()
        os.utime(path, (time.time() - days * DAY,) * 2)
    assert archives.prune(tmp_path, timedelta(days=45)) == 2
    left = {f"{p.relative_to(tmp_path)}" for p in tmp_path.rglob("*") if p.is_file()}
    assert left == {"host/2014/02/young.fits", "engines/net/engine.plan"}
    assert not (tmp_path / "host/2014/01").exists()
    assert (tmp_path / "quarantine").is_dir()


def test_a_cache_that_is_not_there_has_nothing_to_delete(tmp_path: Path) -> None:
    assert archives.prune(tmp_path / "cache", timedelta(days=1)) == 0
