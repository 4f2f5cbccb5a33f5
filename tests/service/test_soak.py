"""A short soak: some hours of the clock, with troubles; `make soak` is the long one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

SOAK = Path(__file__).parents[2] / "ops" / "soak"


def test_hours_with_troubles_leave_every_hour_accounted_for(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, SOAK, "--hours", "8", "--pace", "5", "--folder", tmp_path / "soak"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stdout, ran.stderr
    report = json.loads(ran.stdout)
    assert report["good"], ran.stdout
    assert report["hours_due"]["valid"] > 0
    assert report["latest"]["sets"] > 1
    assert report["troubles"]
