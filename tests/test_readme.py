"""What the README says of the software is so."""

from __future__ import annotations

import runpy
from pathlib import Path

from typer.core import TyperGroup
from typer.main import get_command

from pipeline.cli import app

ROOT = Path(__file__).resolve().parents[1]


def test_the_table_of_networks_is_that_of_the_cards() -> None:
    renewed = runpy.run_path(str(ROOT / "ops" / "readme.py"))["renewed"]
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "<!-- networks, by ops/readme.py -->" in text
    assert renewed(text) == text, "run `.venv/bin/python ops/readme.py`"


def test_every_command_is_named() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    groups = get_command(app)
    assert isinstance(groups, TyperGroup)
    assert "once" in groups.commands
    for name in groups.commands:
        assert f"allsun {name}" in text, name
