"""Bring the table of networks in README.md up to date with the cards of the weights."""

from __future__ import annotations

import re
from pathlib import Path

from pipeline.enhance import installed
from pipeline.weights import as_markdown

README = Path(__file__).resolve().parents[1] / "README.md"
TABLE = re.compile(r"(<!-- networks, by ops/readme.py -->\n).*?(<!-- end -->)", re.DOTALL)


def renewed(text: str) -> str:
    """*text* with the table of the networks that are installed."""
    table = as_markdown(installed())
    return TABLE.sub(lambda match: f"{match[1]}{table}\n{match[2]}", text)


if __name__ == "__main__":
    README.write_text(renewed(README.read_text(encoding="utf-8")), encoding="utf-8")
