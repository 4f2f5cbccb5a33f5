"""Tables for people, programs and cards."""

import json
import math
from pathlib import Path

import numpy as np
from patches import patch

from models.evaluation.pictures import draw_fields, draw_spectra, write_picture
from models.evaluation.report import Row, TrialTable, as_json, as_text, card_metrics, rows_of

ROWS = (
    Row(
        "net",
        "recipe",
        {"PSNR": 34.567, "σ_D": 2.4, "ρ": math.nan},
        {"PSNR": (34.1, 34.9), "σ_D": (2.3, 2.5), "ρ": (math.nan, math.nan)},
        {"PSNR": (33.0, 36.0), "σ_D": (2.2, 2.6), "ρ": (math.nan, math.nan)},
        [0.9, math.nan],
        [1.0, 0.5],
    ),
    Row("zero", "", {"PSNR": 19.2, "σ_D": 0.0}),
    Row("identity", "", {"PSNR": 40.0, "σ_D": 10.2}),
    Row("Gaussian", "0.7 px", {"PSNR": 31.0, "σ_D": 4.6}),
    Row("median", "3 px", {"PSNR": 30.4, "σ_D": 4.1}),
    Row("BM3D", "not installed: pip install bm3d"),
)
TABLE = TrialTable("noise of 10.2 G", ("sharp-377", "sharp-13777"), ROWS, "net")


def test_text() -> None:
    lines = as_text(TABLE).splitlines()
    psnr = next(line for line in lines if line.startswith("PSNR"))
    assert " ".join(psnr.split()) == (
        "PSNR dB 34.57 34.10…34.90 33.00…36.00 19.20 40.00 31.00 30.40"
    )
    assert "–" in next(line for line in lines if line.startswith("ρ"))
    assert "BM3D: did not run, not installed: pip install bm3d" in lines
    assert any("sharp-377, sharp-13777" in line for line in lines)


def test_zero_and_identity_are_no_rivals() -> None:
    assert TABLE.best_baseline("PSNR").name == "Gaussian"
    assert TABLE.best_baseline("σ_D").name == "median"
    assert TABLE.best_baseline("ρ") is None


def test_json_there_and_back() -> None:
    text = json.dumps(as_json(TABLE), allow_nan=False)
    again = TrialTable(TABLE.trial, TABLE.regions, tuple(rows_of(json.loads(text))), "net")
    assert as_json(again) == as_json(TABLE)
    assert as_text(again) == as_text(TABLE)


def test_the_card_gets_the_network_with_its_best_rival() -> None:
    psnr, repeat = card_metrics(TABLE)  # ρ is no number and does not enter
    assert (psnr.name, psnr.unit, psnr.interval) == ("PSNR", "dB", (34.1, 34.9))
    assert psnr.baseline == "Gaussian 31.00"
    assert psnr.test_set == "noise of 10.2 G; sharp-377, sharp-13777"
    assert repeat.baseline == "median 4.10"
    assert card_metrics(TrialTable("t", ("a",), ROWS)) == []


def test_pictures(tmp_path: Path) -> None:
    truth = patch("a", 0).field
    fields = {"truth": truth, "input": truth[::4, ::4], "net": truth + 5.0}
    figure = draw_fields("noise", fields, np.ones_like(truth))
    titles = [axes.get_title() for axes in figure.axes if axes.get_title()]
    assert titles == [
        "truth",
        "input",
        "net",
        "net − truth: 5.0 G RMS",
        "standard error claimed (0…50 G)",
    ]
    write_picture(tmp_path / "new" / "fields.png", figure)
    assert (tmp_path / "new" / "fields.png").read_bytes().startswith(b"\x89PNG")
    coherent = Row("net", "", {}, {}, {}, [0.5] * 16, [1.0] * 16)
    spectra = draw_spectra(TrialTable("t", ("a",), (coherent,), "net"))
    assert spectra.axes[0].lines[0].get_label() == "net"
