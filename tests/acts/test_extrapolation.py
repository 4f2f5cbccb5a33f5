"""What the settings make of a map's corona: recipe, members, observers, kept operators."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

from pipeline import corona, surface
from pipeline.acts import extrapolation
from pipeline.core import CarringtonGrid, GlobalMap, InputFile, Observation, Quantity, earth
from pipeline.core.ephemeris import AU, moved, planet, stereo_a
from pipeline.settings import CoronaSettings, Settings

TIME = datetime(2014, 1, 31, tzinfo=UTC)
FINE, GRID = CarringtonGrid(48, 24), CarringtonGrid(24, 12)
QUICK = CoronaSettings(radial_cells=4, source_surface_spread=(2.0, 3.0))


def tilted(seed: int) -> np.ndarray:
    lon, lat = (np.radians(a) for a in FINE.mesh())
    noise = np.random.default_rng(seed).normal(0, 1.0, FINE.shape)
    br = 5.0 * np.sin(lat) + 3.0 * np.cos(lat) * np.cos(lon) + noise
    return np.asarray(br - br.mean(), np.float32)


def sky(**changes: Any) -> GlobalMap:
    return replace(surface.blank(TIME, FINE), br=tilted(0), **changes)


def test_a_map_alone_takes_every_source_surface_and_one_with_members_each_in_turn(
    tmp_path: Path,
) -> None:
    settings = Settings(data=tmp_path, corona=QUICK)
    alone = extrapolation.extrapolate(sky(), GRID, settings)
    assert [m.source_surface_radius for m in alone.ensemble.members] == [2.0, 3.0]
    members = np.stack([tilted(n) for n in (1, 2, 3)])
    many = extrapolation.extrapolate(sky(members=members), GRID, settings)
    assert [m.source_surface_radius for m in many.ensemble.members] == [2.0, 3.0, 2.0]
    assert many.open_flux == alone.open_flux
    assert many.grid == GRID
    assert (alone.sectors[0].time, alone.sectors[-1].time) == (TIME, TIME + timedelta(days=7))


def test_operators_are_kept_where_there_is_a_data_directory(tmp_path: Path) -> None:
    extrapolation.extrapolate(sky(), GRID, Settings(data=tmp_path, corona=QUICK))
    assert [path.name for path in tmp_path.glob("cache/corona/*")] == ["pfss-modes-v1-24x12.npy"]
    extrapolation.extrapolate(sky(), GRID, Settings(data=tmp_path / "none", corona=QUICK))
    assert not (tmp_path / "none").exists()


def test_every_choice_of_the_settings_reaches_the_corona() -> None:
    chosen = CoronaSettings(
        source_surface_radius=2.2,
        radial_cells=7,
        solver="pfsspy",
        start_radius=1.01,
        wind_law="eswim",
        expansion="total",
    )
    assert extrapolation.recipe(chosen) == corona.Recipe(
        2.2, 7, (2.0, 2.5, 3.0), "pfsspy", 1.01, "eswim", "total"
    )
    laws = get_args(CoronaSettings.model_fields["wind_law"].annotation)
    assert set(laws) == set(corona.LAWS)


def test_observers_of_the_settings_are_where_they_should_be() -> None:
    found = extrapolation.observers(sky(), ("earth", "stereo-a", "mars", "l5=-60,0.5,1.01"))
    here = earth(TIME)
    assert list(found) == ["earth", "stereo-a", "mars", "l5"]
    assert found["earth"] == here
    # On 2014-01-31 it was 151° ahead of the Earth, at .96 au.
    ahead = (found["stereo-a"].carrington_longitude - here.carrington_longitude) % 360
    assert ahead == pytest.approx(151, abs=3)
    assert (here.carrington_longitude - found["l5"].carrington_longitude) % 360 == pytest.approx(60)
    assert found["l5"].latitude == 0.5
    assert found["l5"].distance / AU == pytest.approx(1.01)


def test_the_header_of_an_image_tells_better_where_its_spacecraft_is() -> None:
    place = replace(stereo_a(TIME - timedelta(hours=6)), latitude=3.25)
    file = InputFile(Path("euvi.fts"), "", "0" * 64)
    image = Observation("euvi-a", Quantity.INTENSITY, TIME - timedelta(hours=6), place, file, 195)
    found = extrapolation.observers(sky(inputs=(image,)), ("earth", "stereo-a"))["stereo-a"]
    assert found.latitude == 3.25
    assert found.carrington_longitude == pytest.approx(stereo_a(TIME).carrington_longitude, abs=0.1)
    assert "stereo-a" in extrapolation.observers(sky(inputs=(image,)), ("earth",))


def test_an_observer_moves_on_as_the_earth_does() -> None:
    later = moved(earth(TIME), timedelta(days=3))
    off = later.carrington_longitude - earth(TIME + timedelta(days=3)).carrington_longitude
    assert abs((off + 180) % 360 - 180) < 0.2


@pytest.mark.parametrize(
    ("name", "time", "distance"),
    [
        ("venus", datetime(2022, 1, 9, tzinfo=UTC), 0.72),  # inferior conjunction
        ("mars", datetime(2014, 4, 8, 21, tzinfo=UTC), 1.62),  # opposition
    ],
)
def test_a_planet_in_line_with_the_earth_is_at_its_longitude(
    name: str, time: datetime, distance: float
) -> None:
    found, here = planet(name, time), earth(time)
    off = (found.carrington_longitude - here.carrington_longitude + 180) % 360 - 180
    assert abs(off) < 1.0
    assert found.distance / AU == pytest.approx(distance, abs=0.02)
