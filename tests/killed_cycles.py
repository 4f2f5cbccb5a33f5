"""Cycles that are killed: ``killed_cycles.py ARCHIVE DATA TIME``.

A process of its own, which forks before any library has started threads. Cycle
after cycle is killed a little later in its work than the one before, on what
that left behind, until one comes to its end.
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
from datetime import datetime
from pathlib import Path

import numpy as np
import pfsspy
import pfsspy.utils
import sunpy.map
from small_archive import small_settings

from pipeline import publish
from pipeline.cycle import run_cycle

STEP = 8  # calls to the file system by which each cycle outlives the one before


def killed(archive: Path, data: Path, time: datetime, after: int) -> bool:
    """Whether a cycle died by its own hand at its call number *after* below *data*."""
    child = os.fork()
    if child == 0:
        calls = itertools.count(1)

        def count(event: str, arguments: tuple[object, ...]) -> None:
            touches = event == "open" or event.startswith(("os.", "sqlite3."))
            if touches and str(data) in str(arguments) and next(calls) == after:
                os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(count)
        try:
            run_cycle(time, small_settings(archive, data))
            os._exit(0)
        finally:
            os._exit(1)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status not in (0, -signal.SIGKILL):
        raise RuntimeError(f"the cycle ended with {status}")
    return status != 0


def faults(data: Path) -> list[str]:
    """What a reader can see that is not whole."""
    newest = publish.Store(data).newest()
    visible = [p for p in (data / "products").glob("[a-z]*/*/*/*/*") if p.is_file()]
    if newest is None or not set(newest.files.values()) <= set(visible):
        return [f"latest is {newest}"]
    return [f"{path}: {fault}" for path in visible for fault in publish.validate(path)]


def main(archive: Path, data: Path, time: datetime) -> None:
    """Print the number of killed cycles."""
    header = pfsspy.utils.carr_cea_wcs_header("2014-05-20", (8, 4))
    # Compiles the solver once for all children.
    pfsspy.pfss(pfsspy.Input(sunpy.map.Map(np.ones((4, 8)), header), 2, 2.0))
    for after in itertools.count(STEP, STEP):
        was_killed = killed(archive, data, time, after)
        if found := faults(data):
            raise RuntimeError(f"killed after {after} calls: {found}")
        if not was_killed:
            break
    print(after // STEP - 1)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), datetime.fromisoformat(sys.argv[3]))
