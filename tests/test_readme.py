"""What the README says of the software is so."""

from __future__ import annotations

import runpy
from pathlib import Path

import click
import typer

from pipeline.cli import app

ROOT = Path(__file__).resolve().parents[1]


def test_the_table_of_networks_is_that_of_the_cards() -> None:
    renewed = runpy.run_path(str(ROOT / "ops" / "readme.py"))["renewed"]
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "<!-- networks, by ops/readme.py -->" in text
    assert renewed(text) == text, "run `.venv/bin/python ops/readme.py`"


def test_every_command_is_named() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    groups = typer.main.get_command(app)
    assert isinstance(groups, click.Group)
    assert "once" in groups.commands
    for name in groups.commands:
        assert f"allsun {name}" in text, name
