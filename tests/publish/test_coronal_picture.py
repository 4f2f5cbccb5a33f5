"""What the corona's picture shows where."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline import corona as above
from pipeline.core import CarringtonGrid, Corona, GlobalMap, Observer
from pipeline.core.corona import ObservedHoles
from pipeline.core.ephemeris import earth, earths
from pipeline.publish.coronal_picture import (
    SOURCE_SURFACE,
    SURFACE,
    VIEWS,
    departures,
    write_coronal_picture,
)
from pipeline.publish.provenance import Provenance
from pipeline.publish.sky import on_the_sky
from pipeline.publish.sphere import Place

Picture = NDArray[np.float32]


def drawn(path: Path, map_: GlobalMap, corona: Corona, provenance: Provenance) -> Picture:
    write_coronal_picture(path, map_, corona, provenance)
    return np.asarray(matplotlib.image.imread(path))[..., :3]


def at(picture: Picture, place: Place, x: float, y: float) -> Picture:
    """Colour at a place of a panel, *x* and *y* from 0 to 1."""
    height, width = picture.shape[:2]
    column, row = (place[0] + place[2] * x) * width, (1 - place[1] - place[3] * y) * height
    near = picture[int(row) - 2 : int(row) + 3, int(column) - 2 : int(column) + 3]
    return np.asarray(near.mean(axis=(0, 1)))


def radial(lon: float, lat: float, radii: Sequence[float]) -> NDArray[np.float64]:
    return np.array([(lon, lat, r) for r in radii])


@pytest.fixture(scope="module")
def plain(sky: GlobalMap, corona: Corona) -> Corona:
    """Half of the ensemble has an open hole in the north-east, and nothing else is there."""
    lon, lat = corona.grid.mesh()
    hole = (np.abs(lon - 90) < 40) & (np.abs(lat - 40) < 15)
    fast = np.where(lon < 180, 650.0, 250.0).astype(np.float32)
    return replace(
        corona,
        open_field=np.zeros_like(corona.open_field),
        neutral_line=(),
        holes=(),
        sectors=(),
        observers={"earth": earth(sky.time)},
        connections={"earth": replace(corona.connections["earth"], lon=np.nan, lat=np.nan)},
        wind=replace(corona.wind, speed=fast),
        ensemble=replace(
            corona.ensemble, members=(), open_probability=np.where(hole, 0.5, 0).astype(np.float32)
        ),
    )


def test_open_field_shines_through_by_its_probability_in_the_colour_of_its_sign(
    tmp_path: Path, sky: GlobalMap, plain: Corona, provenance: Provenance
) -> None:
    weak = replace(sky, br=np.full(sky.grid.shape, 1e-9, np.float32))
    inward = replace(weak, br=-weak.br)
    x, y = 0.25, (np.sin(np.radians(40)) + 1) / 2
    out = drawn(tmp_path / "out.png", weak, plain, provenance)
    into = drawn(tmp_path / "in.png", inward, plain, provenance)
    assert out.shape == (1050, 1600, 3)
    grey = at(out, SURFACE, 0.7, y)
    np.testing.assert_allclose(grey, 0.5, atol=0.02)
    # Half of orange #e69f00, half of purple #8e3a9d, over that grey.
    for picture, colour in ((out, (0xE6, 0x9F, 0x00)), (into, (0x8E, 0x3A, 0x9D))):
        half = (grey + np.array(colour) / 255) / 2
        np.testing.assert_allclose(at(picture, SURFACE, x, y), half, atol=0.03)


def test_fast_wind_is_bright_and_slow_wind_dark(
    tmp_path: Path, sky: GlobalMap, plain: Corona, provenance: Provenance
) -> None:
    picture = drawn(tmp_path / "p.png", sky, plain, provenance)
    assert at(picture, SOURCE_SURFACE, 0.2, 0.8).mean() > 0.5
    assert at(picture, SOURCE_SURFACE, 0.8, 0.8).mean() < 0.3


def test_east_is_left_north_is_up_and_what_is_behind_the_disk_is_hidden(
    tmp_path: Path, sky: GlobalMap, plain: Corona, provenance: Provenance
) -> None:
    seen_from = replace(earth(sky.time), latitude=0.0)
    middle = seen_from.carrington_longitude
    # Carrington longitude grows westward: what is at a smaller one rises at the east limb later.
    west, north, near = on_the_sky(radial(middle - 90, 0.0, (1.0, 2.0)), seen_from)
    np.testing.assert_allclose([west, north, near], [[-1, -2], [0, 0], [0, 0]], atol=1e-12)
    west, north, near = on_the_sky(radial(middle, 90.0, (2.0,)), replace(seen_from, latitude=7.0))
    np.testing.assert_allclose(
        [west[0], north[0], near[0]], 2 * np.array([0, np.cos(0.12217), np.sin(0.12217)]), atol=1e-4
    )
    lines = tuple(
        radial(middle + away, 0.0, np.linspace(*ends, 40))
        for away, ends in ((-90, (1.0, 2.5)), (90, (2.5, 1.0)), (180, (1.0, 2.5)))
    )
    corona = replace(plain, observers={"earth": seen_from})
    nothing = drawn(tmp_path / "0.png", sky, replace(corona, lines=()), provenance)
    picture = drawn(tmp_path / "1.png", sky, replace(corona, lines=lines), provenance)
    reach = 2 * 1.04 * 2.5
    left, right = (at(picture, VIEWS[0], 0.5 + x / reach, 0.5) for x in (-1.7, 1.7))
    assert left[0] > left[2] + 0.1, "outward, orange, at the east limb"
    assert right[2] > right[1] + 0.1, "inward, purple, at the west limb"
    changed = np.abs(picture - nothing).max(axis=2) > 0.05
    height, width = changed.shape
    x0, y0, dx, dy = VIEWS[0]
    disk = changed[
        int((1 - y0 - dy * (0.5 + 0.95 / reach)) * height) : int(
            (1 - y0 - dy * (0.5 - 0.95 / reach)) * height
        ),
        int((x0 + dx * (0.5 - 0.95 / reach)) * width) : int(
            (x0 + dx * (0.5 + 0.95 / reach)) * width
        ),
    ]
    assert not disk.any(), "the line behind the disk is not seen"


def test_the_wind_at_the_earth_left_where_the_earth_is_connected(sky: GlobalMap) -> None:
    """Of one speed everywhere; departures are tried every quarter of a degree."""
    path = [(sky.time, place) for place in earths([sky.time])]
    corona = above.extrapolate(
        np.zeros(sky.grid.shape), sky.grid, sky.time, above.Recipe(radial_cells=5),
        observers={"earth": earth(sky.time)}, path=path,
    )  # fmt: skip
    ((lon, lat),) = departures(corona)
    connection = corona.connections["earth"]
    assert abs((lon - connection.source_lon + 180) % 360 - 180) < 0.25
    assert lat == pytest.approx(connection.source_lat, abs=0.01)


def test_observed_holes_are_outlined_where_they_are(
    tmp_path: Path, sky: GlobalMap, plain: Corona, provenance: Provenance
) -> None:
    lon, lat = plain.grid.mesh()
    hole, looked = (np.hypot(lon - 200, lat - 20) < size for size in (30, 65))
    without = drawn(tmp_path / "a.png", sky, plain, provenance)
    observed = ObservedHoles(sky.time, "euvi-a 195 Å", hole, looked)
    picture = drawn(tmp_path / "b.png", sky, replace(plain, observed=observed), provenance)
    height, width = picture.shape[:2]
    x, y = np.meshgrid((np.arange(width) + 0.5) / width, 1 - (np.arange(height) + 0.5) / height)
    x, y = (x - SURFACE[0]) / SURFACE[2] * 360, (y - SURFACE[1]) / SURFACE[3] * 2 - 1
    away = np.hypot(x - 200, np.degrees(np.arcsin(np.clip(y, -1, 1))) - 20)
    changed = np.abs(picture - without).max(axis=2) > 0.1
    changed &= (np.abs(y) < 1) & (x > 0) & (x < 360)
    rim = 360 / plain.grid.nlon * 1.5  # a cell and the line itself
    # A line 2.5 pixels wide in a band of 73.
    assert changed[np.abs(away - 30) < rim].mean() > 0.02
    assert not changed[away < 30 - rim].any()
    assert not changed[(away > 30 + rim) & (away < 65 - rim)].any()


def test_same_corona_same_picture(
    tmp_path: Path, sky: GlobalMap, corona: Corona, provenance: Provenance
) -> None:
    for name in ("a.png", "b.png"):
        write_coronal_picture(tmp_path / name, sky, corona, provenance)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_a_corona_without_field_or_observers_can_be_drawn(
    tmp_path: Path, bare: GlobalMap, provenance: Provenance
) -> None:
    grid = CarringtonGrid(36, 18)
    empty = above.extrapolate(
        np.zeros(grid.shape), grid, bare.time, above.Recipe(radial_cells=5),
        observers={"earth": earth(bare.time), "mars": Observer(10.0, 5.0, 300.0)},
        path=[(bare.time, earth(bare.time))],
    )  # fmt: skip
    assert empty.lines == ()
    assert drawn(tmp_path / "e.png", bare, empty, provenance).shape == (1050, 1600, 3)
    alone = above.extrapolate(np.zeros(grid.shape), grid, bare.time, above.Recipe(radial_cells=5))
    assert drawn(tmp_path / "a.png", bare, alone, provenance).shape == (1050, 1600, 3)
