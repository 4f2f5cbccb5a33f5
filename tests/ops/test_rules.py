"""Alerts, dashboard and runbooks: whole, tested, and about metrics that exist."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml
from promtool import OPS, RULES, TESTS, documented, program, queries, rules

ALERTS = {rule["alert"]: rule for rule in rules("alert")}
SECTIONS = ["Meaning", "Impact", "Look here", "Do this"]
# What Prometheus and the client library add to every target.
ADDED = {"up", "ALERTS", "process_resident_memory_bytes", "process_open_fds"}
ADDED_LABELS = {"instance", "job", "alertname", "alertstate"}


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_promtool_proves_the_alerts(path: Path) -> None:
    ran = subprocess.run(
        [program("promtool"), "test", "rules", path], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_every_alert_is_seen_to_fire_and_to_stay_silent() -> None:
    fires: set[str] = set()
    silent: set[str] = set()
    for path in TESTS:
        for test in yaml.safe_load(path.read_text())["tests"]:
            for case in test["promql_expr_test"]:
                asked = re.search(r'alertname=(~?)"([^"]+)"', case["expr"])
                if asked is None:
                    continue
                for sample in case["exp_samples"]:
                    fires |= set(re.findall(r'alertname="(\w+)"', sample["labels"]))
                if not case["exp_samples"]:
                    silent |= {name for name in ALERTS if re.fullmatch(asked[2], name)}
    assert (fires, silent) == (ALERTS.keys(), ALERTS.keys())


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_says_what_is_wrong_and_where_to_read_on(name: str) -> None:
    rule = ALERTS[name]
    assert rule["labels"]["severity"] in {"warning", "critical"}
    about = rule["annotations"]
    assert about.keys() == {"summary", "description", "runbook_url"}
    assert len(about["summary"]) < 90
    page = OPS.parent / about["runbook_url"]
    text = page.read_text()
    assert page.stem == name
    assert text.startswith(f"# {name}\n")
    assert re.findall("^## (.*)$", text, re.MULTILINE) == SECTIONS
    assert all(part.strip() for part in re.split("^#.*$", text, flags=re.MULTILINE)[2:])


def test_no_runbook_is_left_over() -> None:
    assert {page.stem for page in (OPS / "runbooks").glob("*.md")} == ALERTS.keys()


@pytest.mark.parametrize("where", ["rules", "dashboard"])
def test_every_query_names_metrics_and_labels_that_exist(where: str) -> None:
    recorded = {rule["record"] for rule in rules("record")}
    asked = (
        queries() if where == "dashboard" else (r["expr"] for r in rules("alert") + rules("record"))
    )
    metrics = documented()
    for query in asked:
        bare = re.sub(r"\{[^}]*\}|\[[^]]*\]|\"[^\"]*\"", "", query)
        grouped = re.findall(r"(?:by|on|without|ignoring) \(([^)]*)\)", bare)
        bare = re.sub(r"(?:by|on|without|ignoring) \([^)]*\)", "", bare)
        names = set(re.findall(r"(?<!\w)[a-zA-Z_][\w:]*(?!\w|:|\s*\()", bare)) - {
            "or",
            "and",
            "bool",
        }
        unknown = names - metrics.keys() - recorded - ADDED
        assert not unknown, query
        known = set().union(*(metrics[n] for n in names & metrics.keys())) | ADDED_LABELS
        used = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)\s*\"", query))
        used |= {label.strip() for group in grouped for label in group.split(",")}
        assert used <= known, query


def test_every_query_of_the_dashboard_is_valid(tmp_path: Path) -> None:
    as_rules = [{"record": f"query:{n}", "expr": query} for n, query in enumerate(queries())]
    assert len(as_rules) > 30
    file = tmp_path / "queries.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": as_rules}]}))
    for path in (file, RULES):
        ran = subprocess.run(
            [program("promtool"), "check", "rules", path],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stdout + ran.stderr
