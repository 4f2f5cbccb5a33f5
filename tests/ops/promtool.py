"""Prometheus as Debian packages it, and what the files of operation ask of it."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

OPS = Path(__file__).parents[2] / "ops"
RULES = OPS / "prometheus" / "allsun.rules.yml"
TESTS = sorted((OPS / "prometheus" / "tests").glob("*.yml"))
DASHBOARD = OPS / "grafana" / "allsun.json"


def program(name: str) -> str:
    """The path of a program of Debian's package prometheus."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is absent: apt-get install prometheus")
    return found


def rules(kind: str) -> list[dict[str, Any]]:
    """All rules of a *kind*: alert or record."""
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"] if kind in rule]


def queries() -> Iterator[str]:
    """Every query of the dashboard, with its variables filled in."""
    board = json.loads(DASHBOARD.read_text())
    for panel in board["panels"]:
        for target in panel.get("targets", ()):
            yield target["expr"].replace("$instance", ".*").replace("$__rate_interval", "5m")
    yield from (entry["expr"] for entry in board["annotations"]["list"])


def documented() -> dict[str, set[str]]:
    """The labels of each metric in the table of metrics; a histogram by its three series."""
    metrics: dict[str, set[str]] = {}
    for line in (OPS / "metrics.md").read_text().splitlines():
        if not line.startswith("| `allsun_"):
            continue
        name, kind, labels = (cell.strip() for cell in line.split("|")[1:4])
        own = set(re.findall(r"`(\w+)`", labels.split(":")[0] if ":" in labels else labels))
        for suffix in ("_bucket", "_sum", "_count") if kind == "histogram" else ("",):
            extra = {"le"} if suffix == "_bucket" else set()
            metrics[name.strip("`") + suffix] = own | extra
    return metrics
