"""Lines of a process that logs as the daemon does."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

SCRIPT = """
import logging
import structlog
from pipeline.service import logs
logs.configure()
log = structlog.get_logger("allsun.test")
with structlog.contextvars.bound_contextvars(cycle="c1"):
    log.info("begun")
    logging.getLogger("some.library").warning("odd: %s", 3)
log.warning("ledger", reason="postgresql://allsun:hunter2@db/allsun: refused")
for _ in range(5):
    log.warning("archive", reason="it is away")
    log.info("cycle", outcome="published")
log.warning("archive", reason="it is away still")
try:
    raise RuntimeError("at postgresql://allsun:hunter2@db")
except RuntimeError:
    log.exception("unforeseen")
"""


def lines() -> list[dict[str, Any]]:
    ran = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert ran.stdout == ""
    return [json.loads(line) for line in ran.stderr.splitlines()]


def test_lines_are_json_with_the_id_of_their_cycle_and_without_secrets_and_repeats() -> None:
    told = lines()
    assert [line["event"] for line in told[:2]] == ["begun", "odd: 3"]
    assert all(line["cycle"] == "c1" for line in told[:2])
    assert not any("cycle" in line for line in told[2:] if line["event"] != "cycle")
    assert "hunter2" not in json.dumps(told)
    assert told[2]["reason"] == "postgresql://allsun:***@db/allsun: refused"
    away = [line["reason"] for line in told if line["event"] == "archive"]
    assert away == ["it is away", "it is away still"]
    assert sum(line["event"] == "cycle" for line in told) == 5
    assert "RuntimeError: at postgresql://allsun:***@db" in told[-1]["exception"]
    assert all({"level", "timestamp", "logger"} <= line.keys() for line in told)
