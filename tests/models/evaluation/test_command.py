"""The whole evaluation of a network on real patches."""

import json
from pathlib import Path

import pytest
from enhance.networks import write_network

from models.evaluation.command import evaluate
from pipeline.core import BadRequest
from pipeline.enhance.card import read_card


def test_a_cross_calibration_on_real_patches(real_archive: Path, tmp_path: Path) -> None:
    weights, out, told = tmp_path / "weights", tmp_path / "out", []
    folder = write_network(
        weights, "identity", factor=4, task="crosscal", instruments=["gong"], name="repeat"
    )
    content, text = evaluate("repeat", weights, real_archive, out, told.append)
    (table,) = content["tables"]
    assert table["regions"] == ["sharp-13777", "sharp-377"]  # and nothing was tuned on them
    assert (out / "evaluation.txt").read_text() == text
    assert json.loads((out / "evaluation.json").read_text()) == content
    assert {p.name for p in out.glob("*.png")} == {"gong-like-4.png", "gong-like-4-spectra.png"}
    values = {r["name"]: r["values"] for r in table["rows"]}
    # Blurred and 30 % too weak: no better than the cubic spline, which is beaten by the filter.
    assert values["repeat/1"]["ρ"] < values["bicubic, published"]["ρ"] < values["linear 9×9"]["ρ"]
    assert values["repeat/1"]["net flux"] != 0.0
    metrics = {m.name: m for m in read_card(folder).metrics}
    assert metrics["ρ"].value == pytest.approx(values["repeat/1"]["ρ"])
    assert metrics["ρ"].baseline.startswith("linear 9×9")
    again = []
    evaluate("repeat/1", weights, real_archive, out, again.append)
    assert len(again) == 1 < len(told)  # the rivals were known


def test_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="nothing"):
        evaluate("nothing", tmp_path, tmp_path, tmp_path)
    write_network(tmp_path, "identity", task="denoise", instruments=["hmi"])
    with pytest.raises(BadRequest, match="patches"):
        evaluate("identity", tmp_path, tmp_path, tmp_path)
