"""What the daemon counts and measures, for Prometheus.

Knows: names and labels of metrics, and how the newest map becomes figures. Every metric of
the process, those of other rooms too, is explained in ``ops/metrics.md``. Refuses to know:
who reads them, and what is too much.
"""

from __future__ import annotations

import math
import platform
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from prometheus_client import Counter, Gauge, Histogram, Info, disable_created_metrics
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import REGISTRY, Collector

from pipeline import __version__

CYCLES = Counter("allsun_cycles_total", "Cycles: published, unchanged or failed", ["outcome"])
CYCLE_SECONDS = Histogram(
    "allsun_cycle_duration_seconds",
    "Time that a whole cycle took, whatever came of it",
    buckets=(1, 3, 10, 20, 30, 60, 90, 120, 180, 300, 600, 1200),
)
MISSED = Counter(
    "allsun_jobs_missed_total", "Runs of a job dropped because they came too late", ["task"]
)
OVERRUN = Counter(
    "allsun_jobs_overrun_total", "Runs of a job dropped because the one before still ran", ["task"]
)
FAILED = Counter("allsun_jobs_failed_total", "Runs of a job that ended in an error", ["task"])
WAITING = Gauge("allsun_jobs_waiting", "Hours that wait for a cycle: due, missed or out of date")
CLOCK_STEPS = Counter("allsun_clock_steps_total", "Times that the clock was seen to be set")
REFUSED = Counter(
    "allsun_daemons_refused_total",
    "Times that another daemon was started on this data directory, and refused",
)
BUILD = Info("allsun_build", "Version of the software, and of Python")
DISK_FREE = Gauge("allsun_disk_free_bytes", "Space left where the data directory lies")
DISK_SIZE = Gauge("allsun_disk_size_bytes", "Space in all where the data directory lies")

# When a counter began tells nobody anything here.
disable_created_metrics()  # type: ignore[no-untyped-call]
for _outcome in ("published", "unchanged", "failed"):
    CYCLES.labels(_outcome)
BUILD.info({"version": __version__, "python": platform.python_version()})


@dataclass(frozen=True, slots=True)
class Shown:
    """Figures of the newest published set.

    valid, published : Unix time, by kind of product
    observed : Unix time of the newest frame in the map, by instrument
    area : share of the sphere, by source
    net_flux, unsigned_flux : Mx
    farside : share of the hemisphere turned away from the Earth that rests on observations
    failed : 1 for a check that failed, else 0, by its name and severity
    """

    valid: Mapping[str, float] = field(default_factory=dict)
    published: Mapping[str, float] = field(default_factory=dict)
    observed: Mapping[str, float] = field(default_factory=dict)
    area: Mapping[str, float] = field(default_factory=dict)
    net_flux: float | None = None
    unsigned_flux: float | None = None
    farside: float | None = None
    failed: Mapping[tuple[str, str], float] = field(default_factory=dict)


class Newest(Collector):
    """Gauges of one :class:`Shown`, so that what it no longer names disappears."""

    def __init__(self) -> None:
        self.shown = Shown()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """What Prometheus reads."""
        shown = self.shown
        yield _labelled(
            "allsun_product_valid_timestamp_seconds",
            "Valid time of the newest product of a kind",
            "kind",
            shown.valid,
        )
        yield _labelled(
            "allsun_product_published_timestamp_seconds",
            "When the newest product of a kind was published",
            "kind",
            shown.published,
        )
        yield _labelled(
            "allsun_observation_newest_timestamp_seconds",
            "Time of the newest observation that entered the map, by instrument",
            "instrument",
            shown.observed,
        )
        yield _labelled(
            "allsun_map_area_ratio",
            "Share of the sphere that rests on a source",
            "source",
            shown.area,
        )
        yield _single(
            "allsun_map_net_flux_maxwells", "Net flux taken out of the newest map", shown.net_flux
        )
        yield _single(
            "allsun_map_unsigned_flux_maxwells",
            "Total unsigned flux of the newest map",
            shown.unsigned_flux,
        )
        yield _single(
            "allsun_farside_observed_ratio",
            "Share of the hemisphere turned away from the Earth that rests on observations",
            shown.farside,
        )
        checks = GaugeMetricFamily(
            "allsun_check_failed",
            "1 for a check that the newest map failed, 0 for one that it passed",
            labels=["check", "severity"],
        )
        for labels, failed in shown.failed.items():
            checks.add_metric(labels, failed)
        yield checks


def watch_disk(path: Path) -> None:
    """Show the space where *path* lies, as it is whenever somebody asks."""

    def usage(name: str) -> float:
        try:
            return float(getattr(shutil.disk_usage(path), name))
        except OSError:  # one unreadable disk is no reason to show nothing at all
            return math.nan

    DISK_FREE.set_function(lambda: usage("free"))
    DISK_SIZE.set_function(lambda: usage("total"))


def _labelled(
    name: str, documentation: str, label: str, values: Mapping[str, float]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, documentation, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def _single(name: str, documentation: str, value: float | None) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, documentation)
    if value is not None:
        family.add_metric([], value)
    return family


NEWEST = Newest()
REGISTRY.register(NEWEST)
