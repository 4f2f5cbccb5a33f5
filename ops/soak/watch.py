"""Those who look on throughout: a reader of ``latest``, and a scraper of metrics."""

from __future__ import annotations

import json
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import httpx
import xarray as xr
from prometheus_client.parser import text_string_to_metric_families
from steady import Sample

# HDF5 takes one thread at a time; xarray's own lock leaves out what a file says of its variables.
READING = threading.Lock()


class Watcher:
    """Something done again and again in a thread, until told to stop; its first fault is kept."""

    def __init__(self, look: Callable[[], None], every: float) -> None:
        self._look, self._every = look, every
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.faults: list[str] = []
        self.looks = 0
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(self._every):
            try:
                self._look()
            except AssertionError as fault:
                self.faults.append(str(fault))
            self.looks += 1


class Reader:
    """Reads ``latest`` as users do, from the file system."""

    def __init__(self, data: Path) -> None:
        self._latest = data / "products" / "latest"
        self._seen: tuple[str, int] = ("", -1)
        self.sets = 0

    def __call__(self) -> None:
        """Whatever stands there is whole, belongs together, and never goes back."""
        try:
            place = self._latest.resolve(strict=True)
        except FileNotFoundError:
            assert self._seen == ("", -1), "latest disappeared"  # noqa: S101  collected
            return
        manifest = json.loads((place / "set.json").read_text())
        now = manifest["valid_time"], manifest["revision"]
        if now == self._seen:
            return
        assert now > self._seen, f"latest went from {self._seen} back to {now}"  # noqa: S101
        self._seen = now
        self.sets += 1
        moment = datetime.fromisoformat(now[0])
        for kind, name in manifest["files"].items():
            path = self._latest.parent / name
            assert path.is_file() and path.stat().st_size > 1000, f"{path} is not whole"  # noqa: S101, PT018
            if kind in ("synchronic", "corona"):
                with READING, xr.open_dataset(path, engine="netcdf4") as data:
                    told = data["time"].values.item() // 10**9
                    assert told == moment.timestamp(), f"{path} is of {told}"  # noqa: S101


class Scraper:
    """Adds up metrics over all lives of the daemon.

    grown : by sample, how much a counter grew in all; a label set also counts under its
        ``outcome`` or ``oddity`` alone, or under its bare name
    newest : the value scraped last
    """

    def __init__(self, url: Callable[[], str]) -> None:
        self._url = url
        self._last: dict[str, float] = {}
        self.grown: defaultdict[str, float] = defaultdict(float)
        self.newest: dict[str, float] = {}
        self.largest: defaultdict[str, float] = defaultdict(float)
        self.resources: list[Sample] = []
        self.failures = 0

    def __call__(self) -> None:
        """One scrape."""
        try:
            text = httpx.get(f"{self._url()}/metrics", timeout=20).text
        except httpx.HTTPError:
            self.failures += 1
            return
        values = {}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                labels = ",".join(f'{k}="{v}"' for k, v in sorted(sample.labels.items()))
                values[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
        started = values["process_start_time_seconds"]
        born = self._last.get("process_start_time_seconds") != started
        for key, value in values.items():
            if not key.partition("{")[0].endswith(
                ("_total", "_count", "process_start_time_seconds")
            ):
                self.largest[key] = max(self.largest[key], value)
                continue
            growth = value if born else value - self._last.get(key, 0.0)
            name, _, labels = key.partition("{")
            for short in {key, name, *(f"{name}{{{part}}}" for part in labels[:-1].split(",")
                                       if part.startswith(("outcome", "oddity")))}:  # fmt: skip
                self.grown[short] += growth
        self._last = self.newest = values
        cycles = values.get('allsun_cycles_total{outcome="published"}', 0.0)
        rss, fds = values["process_resident_memory_bytes"], values["process_open_fds"]
        self.resources.append(Sample(started, time.monotonic(), rss, fds, cycles))
