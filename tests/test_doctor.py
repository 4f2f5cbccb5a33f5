"""What `allsun doctor` finds."""

from __future__ import annotations

import json
from pathlib import Path

from command import SMALL, allsun

OFF = SMALL | {"ALLSUN_ENHANCE__NETWORKS": "[]"}


def found(*where: object, **environment: str) -> tuple[int, dict[str, dict[str, str]]]:
    """Exit status, and the findings by what was looked at."""
    result = allsun("doctor", "--json", *where, **(OFF | environment))
    checks = json.loads(result.stdout)["checks"]
    return result.exit_code, {row["check"]: row for row in checks}


def test_an_archive_that_offers_nothing_of_today_is_a_problem_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "archive").mkdir()
    status, rows = found("--archive", tmp_path / "archive", "--data", tmp_path / "data")
    assert status == 1
    assert {name for name, row in rows.items() if row["verdict"] == "problem"} == {
        "archive hmi",
        "archive gong",
    }
    assert "Check the way to the network" in rows["archive hmi"]["found"]
    assert rows["data directory"]["found"].endswith("data is writable")
    assert rows["packages"]["verdict"] == "ok"


def test_what_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "archive").mkdir()
    (tmp_path / "data").write_text("a file")
    where = ("--archive", tmp_path / "archive", "--data", tmp_path / "data")
    _, rows = found(*where, ALLSUN_RETENTION__CACHE="1d", ALLSUN_ENHANCE__NETWORKS='["nobody"]')
    for check in ("data directory", "settings", "network nobody", "ledger"):
        assert rows[check]["verdict"] == "problem", check
    assert "retention.cache is shorter than cycle.history" in rows["settings"]["found"]


def test_an_archive_that_is_no_folder_is_one_of_the_findings(tmp_path: Path) -> None:
    _, rows = found("--archive", tmp_path / "nowhere", "--data", tmp_path / "data")
    assert "is not a folder" in rows["archive hmi"]["found"]
