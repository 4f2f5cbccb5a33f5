"""Every metric is in the operators' table, and the table names no other."""

from __future__ import annotations

import re
from pathlib import Path

from prometheus_client import REGISTRY, generate_latest

import pipeline.archives.telemetry
import pipeline.enhance.telemetry
import pipeline.telemetry  # noqa: F401  only to have its metrics registered
from pipeline.service import metrics

TABLE = Path(__file__).parents[2] / "ops" / "metrics.md"
SUFFIX = {"counter": "_total", "info": "_info"}


def test_the_table_names_every_metric_with_its_type_and_no_other() -> None:
    known = {
        family.name + SUFFIX.get(family.type, ""): family.type.replace("info", "gauge")
        for family in REGISTRY.collect()
        if family.name.startswith("allsun_")
    }
    rows = re.findall(r"^\| `(allsun_\w+)` \| (\w+)", TABLE.read_text(), re.MULTILINE)
    assert dict(rows) == known
    assert len(rows) == len(known)


def test_what_the_newest_map_no_longer_names_disappears() -> None:
    before = metrics.NEWEST.shown
    try:
        metrics.NEWEST.shown = metrics.Shown(observed={"hmi": 1.0, "gong": 2.0}, net_flux=3.0)
        assert 'newest_timestamp_seconds{instrument="gong"} 2.0' in generate_latest().decode()
        metrics.NEWEST.shown = metrics.Shown(observed={"hmi": 1.0})
        text = generate_latest().decode()
    finally:
        metrics.NEWEST.shown = before
    assert 'newest_timestamp_seconds{instrument="hmi"} 1.0' in text
    assert 'instrument="gong"' not in text
    assert "\nallsun_map_net_flux_maxwells " not in text
