"""Return skill on a small Sun whose law of motion is known."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from command import allsun, complaint

from pipeline.core import CarringtonGrid, InputFile, Observation, Quantity, earth
from pipeline.scores.return_skill import _estimate
from pipeline.scores.returning import BASELINES, PRODUCT, daily_scores
from pipeline.surface import Layer
from pipeline.surface.flows import Flow
from pipeline.surface.transport import blur, transport

GRID = CarringtonGrid(180, 90)
START = datetime(2014, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
MAPS = {*BASELINES, PRODUCT}


def frames(flow: Flow, days: range, grid: CarringtonGrid = GRID) -> Iterator[Layer]:
    """What the Earth sees day by day of a field that only *flow* carries."""
    noise = np.random.default_rng(2).normal(0.0, 600.0, grid.shape)
    field = blur(noise, grid, 8.0) * (np.abs(grid.lat) < 60.0)[:, np.newaxis]
    for day in range(days.stop):
        if day in days:
            time = START + day * DAY
            observer = earth(time)
            mu = observer.mu(*grid.mesh())
            file = InputFile(Path("hmi.fits"), "", "")
            observation = Observation("hmi", Quantity.B_LOS, time, observer, file)
            seen = mu > 0.15
            br = np.where(seen, field, np.nan)
            yield Layer(br, np.where(seen, 2.0 / mu.clip(min=0.1), np.nan), observation)
        field = transport(field, grid, 1.0, flow)


def test_the_baseline_that_knows_the_law_returns_it_whole() -> None:
    days = [START + n * DAY for n in range(36, 40)]
    for name, flow in BASELINES.items():
        scores = dict(daily_scores(frames(flow, range(46)), days, GRID))
        assert list(scores) == days
        for score in scores.values():
            assert set(score) == MAPS
            best = max(score, key=lambda other: score[other].correlation[4])
            assert best in {name, PRODUCT} or name == "Carrington persistence"
    plain = [score["plain transport"] for score in scores.values()]
    assert min(day.correlation[8] for day in plain) > 0.95
    assert np.mean([day.slope[8] for day in plain]) == pytest.approx(1.0, abs=0.15)
    assert all(len(score[PRODUCT].within) == 4 for score in scores.values())


def test_a_map_never_sees_what_judges_it() -> None:
    """From the day of the map on another Sun: nothing of it is in the map."""
    day = START + 36 * DAY
    one = list(frames(Flow(), range(46)))
    other = [
        Layer(-layer.br, layer.sigma, layer.observation) if layer.observation.time > day else layer
        for layer in one
    ]
    score, reverse = (next(daily_scores(layers, [day], GRID))[1] for layers in (one, other))
    for name in MAPS:
        assert reverse[name].correlation[4] == pytest.approx(-score[name].correlation[4])


def test_days_that_no_frame_follows_are_left_out() -> None:
    days = [START + n * DAY for n in range(36, 46)]
    layers = [layer for n, layer in enumerate(frames(Flow(), range(46))) if n != 41]
    found = [day for day, _ in daily_scores(layers, days, GRID)]
    assert found == [day for n, day in enumerate(days, 36) if n + 4 < 46 and n + 4 != 41]


def test_errors_know_that_days_are_alike() -> None:
    """White noise has the error of the mean; weeks of equal days have that of few weeks."""
    rng = np.random.default_rng(1)
    white = rng.normal(size=700)
    weeks = np.repeat(rng.normal(size=100), 7)
    assert _estimate(white).error == pytest.approx(700**-0.5, rel=0.2)
    assert _estimate(weeks).error > 1.8 * _estimate(white).error
    assert _estimate(weeks).mean == pytest.approx(weeks.mean())


def test_the_command_says_what_it_needs(tmp_path: Path) -> None:
    where = ("--data", tmp_path / "data", "--archive", tmp_path)
    assert "needs MAP and TRUTH" in complaint(allsun("score", *where))
    assert "give --start and --end" in complaint(allsun("score", "--return", *where))
    period = ("--start", "2014-02-15", "--end", "2014-02-16")
    said = complaint(allsun("score", "--return", *period, *where))
    assert said.startswith("No HMI frame follows four days after any day from 2014-02-15 to")
    back = ("--start", "2014-02-16", "--end", "2014-02-15")
    assert "is before" in complaint(allsun("score", "--return", *back, *where))


def test_real_frames_are_scored(real_archive: Path, tmp_path: Path) -> None:
    """Two days are too few to tell which map is better; ops/return_skill.md has sixty."""
    where = ("--data", tmp_path, "--archive", real_archive, "--json")
    period = ("--start", "2014-02-15", "--end", "2014-02-16")
    result = allsun("score", "--return", *period, *where, ALLSUN_SURFACE__GRID="360x180")
    assert result.exit_code == 0, result.stderr
    told = json.loads(result.stdout)
    assert len(told["days"]) == 2
    assert set(told["maps"]) == MAPS
    for figures in told["maps"].values():
        assert -1.0 < figures["r4"]["mean"] < 1.0
        assert 0.3 < figures["flux"]["mean"] < 3.0
    assert 0.5 < told["maps"][PRODUCT]["within1"]["mean"] < told["maps"][PRODUCT]["within2"]["mean"]
