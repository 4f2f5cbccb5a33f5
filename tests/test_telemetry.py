"""How acts are timed and stopped."""

from __future__ import annotations

import subprocess
import sys

from prometheus_client import REGISTRY

from pipeline import telemetry


def count(stage: str) -> float:
    return REGISTRY.get_sample_value("allsun_stage_duration_seconds_count", {"stage": stage}) or 0.0


@telemetry.acts
def work(ending: str) -> str:
    telemetry.act("begin here")
    telemetry.act("end there")
    return ending


def test_an_act_ends_where_the_next_begins_and_the_last_with_the_work() -> None:
    before = count("begin here"), count("end there")
    assert work("done") == "done"
    assert (count("begin here"), count("end there")) == (before[0] + 1, before[1] + 1)
    assert telemetry.idle() < 60.0


STOPPED = """
from pipeline import telemetry
@telemetry.acts
def work():
    telemetry.act("fetch")
    telemetry.stop()
    telemetry.act("publish")
    print("published")
try:
    work()
except telemetry.Stopped as stopped:
    print(stopped)
"""


def test_no_act_begins_after_the_work_was_stopped() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", STOPPED], capture_output=True, text=True, check=True
    )
    assert ran.stdout == (
        "The cycle was stopped before it could publish; the next start makes it.\n"
    )
