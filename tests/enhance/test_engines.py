"""Which engine is whose: names, shapes, and what is stale."""

from pathlib import Path

import pytest
from networks import write_network

from pipeline.enhance import engines
from pipeline.enhance.registry import read

TODAY = {
    "ep": "TensorrtExecutionProvider",
    "version": "10.16.1.11",
    "runtime": "1.31.1",
    "capability": "90",
    "made_of": "weights and shapes",
}


def test_a_key_tells_what_the_engine_was_built_with() -> None:
    assert engines.key(**TODAY).startswith("Tensorrt-10.16.1.11-ort1.31.1-sm90-")


@pytest.mark.parametrize(
    ("what", "other"),
    [
        ("ep", "NvTensorRTRTXExecutionProvider"),
        ("version", "10.15.1.29"),
        ("runtime", "1.30.0"),
        ("capability", "89"),
        ("made_of", "other weights"),
    ],
)
def test_an_engine_of_another_version_has_another_key(what: str, other: str) -> None:
    assert engines.key(**TODAY | {what: other}) != engines.key(**TODAY)


def test_stale_engines_go_and_those_of_other_providers_stay(tmp_path: Path) -> None:
    today = engines.key(**TODAY)
    stale = engines.key(**TODAY | {"version": "10.15.1.29"})
    rtx = engines.key(**TODAY | {"ep": "NvTensorRTRTXExecutionProvider", "version": "0.5.0"})
    for name in (today, stale, rtx):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x_sm90.engine").write_bytes(b"plan")
    assert engines.prune(tmp_path, {today}) == [tmp_path / stale]
    assert {path.name for path in tmp_path.iterdir()} == {today, rtx}


def test_an_engine_counts_when_it_is_complete(tmp_path: Path) -> None:
    (tmp_path / "x_sm90.engine").write_bytes(b"half a pl")
    assert not engines.built(tmp_path)
    engines.complete(tmp_path)
    assert engines.built(tmp_path)


@pytest.mark.parametrize(
    ("grid", "golden", "least", "largest"),
    [
        pytest.param({}, 64, 4, 4096, id="any image"),
        pytest.param({"pixel_scale": (0.5, 0.6)}, 64, 4, 4096, id="HMI"),
        pytest.param({"pixel_scale": (1.9, 2.1)}, 64, 4, 1140, id="MDI: 2160 px of 1.9 arcsec"),
        pytest.param({"radius": 100.0, "side": 256}, 64, 4, 256, id="one size, tested on another"),
        pytest.param({"radius": 100.0, "side": 256}, 256, 256, 256, id="one size"),
    ],
)
def test_an_engine_takes_tiles_and_whole_frames(
    grid: dict[str, object], golden: int, least: int, largest: int, tmp_path: Path
) -> None:
    card = read(write_network(tmp_path, "unet", depth=2, grid=grid)).card
    shapes = engines.shapes(card, golden)
    assert (shapes.least, shapes.largest) == (least, largest)
    assert shapes.single == (least == largest)
    assert shapes.texts == (f"x:1x2x{least}x{least}", f"x:1x2x{largest}x{largest}")
    assert shapes.admit((2, largest, least))
    assert not shapes.admit((2, largest + 4, largest))
