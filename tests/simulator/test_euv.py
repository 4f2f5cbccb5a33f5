"""The simulated corona: what it was told to be, and what the real Sun says to it."""

from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from pipeline.core import CarringtonGrid, Disk, InputFile, Observer
from pipeline.instruments import read
from pipeline.simulator.euv import (
    BETWEEN_CHANNELS,
    FAR_WIDTH,
    GROWTH,
    RELATIONS,
    SATURATION,
    TEXTURE_LENGTH,
    image,
    intensity,
    magnetisation,
    relation,
    smooth,
)
from pipeline.simulator.random_field import evolving
from pipeline.simulator.sun import Moment
from pipeline.surface.remap import cell_means, radial_field

GRID = CarringtonGrid(720, 360)
TIME = datetime(2026, 11, 20, 9, tzinfo=UTC)
CLOSED = np.zeros((45, 90), np.int8)
DISK = Disk(127.5, 127.5, 95.0, 6.8, Observer(301.5, -4.2, 208.0))
R193 = relation(193)
PAIR = (
    "jsoc.stanford.edu/data/hmi/fits/2014/01/01/*.fits",
    "jsoc1.stanford.edu/data/aia/synoptic/2014/01/01/H0000/AIA20140101_0000_0193.fits",
)


def moment(br: np.ndarray, time: datetime = TIME, grid: CarringtonGrid = GRID) -> Moment:
    return Moment(time, grid, br.astype(np.float32), ())


@pytest.fixture(scope="module")
def lively() -> Moment:
    """Weak mixed field everywhere and strong field in fifty places."""
    rng = np.random.default_rng(3)
    lon, lat = GRID.mesh()
    br = rng.laplace(0.0, 5.0, GRID.shape)
    for centre, north, strength in rng.uniform((0, -50, -400), (360, 50, 400), (50, 3)):
        x = ((lon - centre + 180.0) % 360.0 - 180.0) * np.cos(np.radians(lat))
        br += strength * np.exp(-(x**2 + (lat - north) ** 2) / 18.0)
    return moment(br)


def uniform(strength: float = 8.0) -> Moment:
    return moment(np.full(GRID.shape, strength))


def textures(seed: int, time: datetime = TIME, grid: CarringtonGrid = GRID) -> np.ndarray:
    return evolving(grid, time, seed, TEXTURE_LENGTH, BETWEEN_CHANNELS)


@pytest.mark.parametrize("wavelength", [171, 195, 304])
def test_a_fit_to_the_light_finds_the_relation_again(lively: Moment, wavelength: int) -> None:
    channel = relation(wavelength)
    clipped = np.minimum(np.abs(lively.br), SATURATION)
    near, far = (
        magnetisation(smooth(clipped, GRID, width)).ravel()
        for width in (channel.near_width, FAR_WIDTH)
    )
    matrix = np.stack([np.ones(far.size), near, far], axis=1)
    light = np.log10([intensity(lively, CLOSED, channel, seed).ravel() for seed in (1, 2, 3)]).T
    found = np.linalg.lstsq(matrix, light, rcond=None)[0]
    # The texture is as wide as the far mean, which leaves each fit some hundred independent
    # places; .06 is three standard errors of the mean of three fits.
    wanted = [channel.level, channel.near, channel.far]
    np.testing.assert_allclose(found.mean(axis=1), wanted, atol=0.06)
    residual = light - matrix @ found
    quiet, busy = np.quantile(far, 0.2), np.quantile(far, 0.8)
    for where in (far < quiet, far > busy):
        told = channel.scatter * (1.0 + GROWTH * far[where].mean())
        assert residual[where].std() == pytest.approx(told, rel=0.12)


def test_the_texture_has_its_length_everywhere_and_in_all_directions() -> None:
    fields = np.concatenate([textures(seed) for seed in range(3)])
    assert fields.var() == pytest.approx(1.0, abs=0.05)
    for lat in (0.0, 60.0):
        row = int(np.argmin(np.abs(GRID.lat - lat)))
        for distance in (2.0, 5.5, 11.0):
            columns = round(distance / (0.5 * np.cos(np.radians(lat))))
            east = np.roll(fields, columns, axis=2)[:, row]
            up = int(np.argmin(np.abs(GRID.lat - lat - distance)))
            wanted = np.exp(-distance / TEXTURE_LENGTH)
            along = (fields[:, row] * east).mean()
            across = (fields[:, row] * fields[:, up]).mean()
            assert (along, across) == pytest.approx((wanted, wanted), abs=0.15)


def test_channels_share_their_texture_as_measured() -> None:
    fields = np.concatenate([textures(seed).reshape(5, -1) for seed in range(4)], axis=1)
    np.testing.assert_allclose(np.corrcoef(fields), BETWEEN_CHANNELS, atol=0.06)


def test_the_texture_lives_for_a_day() -> None:
    start = textures(7)

    def likeness(hours: float) -> float:
        later = textures(7, TIME + timedelta(hours=hours))
        return float(np.corrcoef(start.ravel(), later.ravel())[0, 1])

    assert likeness(1) > 0.98
    assert 0.3 < likeness(15) < 0.8
    assert abs(likeness(48)) < 0.1
    # Midnight is no event.
    before = textures(7, datetime(2026, 11, 20, 23, 59, 59, tzinfo=UTC))
    after = textures(7, datetime(2026, 11, 21, tzinfo=UTC))
    assert np.abs(before - after).max() < 0.001


def test_a_seed_gives_the_same_bytes_and_another_does_not(lively: Moment) -> None:
    first = intensity(lively, CLOSED, R193, seed=1)
    other = intensity(lively, CLOSED, R193, seed=2)
    evolving(GRID, TIME + timedelta(days=40), 3, TEXTURE_LENGTH, BETWEEN_CHANNELS)
    assert intensity(lively, CLOSED, R193, seed=1).tobytes() == first.tobytes()
    assert np.abs(np.log10(other / first)).mean() > 0.1


def test_open_field_is_darker_by_the_offset_and_its_edge_is_soft(lively: Moment) -> None:
    open_field = np.zeros((180, 360), np.int8)
    open_field[120:160, 100:200] = -1
    closed = intensity(lively, CLOSED, R193, seed=1)
    change = np.log10(intensity(lively, open_field, R193, seed=1) / closed)
    assert change[280, 300] == pytest.approx(R193.hole, abs=1e-3)
    assert change[280, 600] == pytest.approx(0.0, abs=1e-3)
    edge = change[280, 180:220]
    assert (np.diff(edge) < 1e-6).all()
    assert edge[20] == pytest.approx(R193.hole / 2, abs=0.1)
    assert -R193.hole / 10 < np.abs(np.diff(edge)).max() < -R193.hole / 2


def test_an_umbra_is_darker_than_the_plage_around_it() -> None:
    plage, umbra = np.full((2, *GRID.shape), 8.0)
    plage[200:206, 300:306] = 600.0
    umbra[200:206, 300:306] = 2000.0
    ratio = intensity(moment(umbra), CLOSED, R193, 1) / intensity(moment(plage), CLOSED, R193, 1)
    assert np.log10(ratio[203, 303]) == pytest.approx(R193.umbra, abs=1e-6)
    assert ratio[100, 100] == 1.0


@pytest.mark.parametrize("wavelength", [171, 284, 304])
def test_a_uniform_sun_shows_the_limb_law_and_an_atmosphere(wavelength: int) -> None:
    channel = replace(relation(wavelength), scatter=0.0)
    brightness = intensity(uniform(), CLOSED, channel, seed=1)
    x = np.arange(256)
    seen = np.log10(image(brightness, GRID, channel, DISK, (256, 256))[127])
    lon, lat = DISK.sphere(x, np.full(256, 127))
    on = np.isfinite(lon)
    law = channel.limb(DISK.observer.mu(lon[on], lat[on]))
    np.testing.assert_allclose(seen[on] - np.log10(brightness[180, 0]), law, atol=0.01)
    assert channel.limb(1.0) == 0.0
    assert channel.limb(0.0) == pytest.approx(channel.rim)
    height = (x[~on] - DISK.x0) / DISK.radius
    east, west = -height[height < 0] - 1.0, height[height > 0] - 1.0
    sky = seen[~on] - np.log10(brightness[180, 0])
    for above, light in ((east, sky[height < 0]), (west, sky[height > 0])):
        wanted = channel.rim - above / channel.scale_height * np.log10(np.e)
        np.testing.assert_allclose(light, wanted, atol=0.01)


def test_a_region_is_where_the_observer_puts_it() -> None:
    channel = replace(R193, scatter=0.0)
    br = np.full(GRID.shape, 8.0)
    lon, lat = GRID.mesh()
    br[np.hypot((lon - 320.0) * np.cos(np.radians(lat)), lat - 20.0) < 3.0] = 200.0
    picture = image(intensity(moment(br), CLOSED, channel, 1), GRID, channel, DISK, (256, 256))
    inner = np.hypot(*(np.indices(picture.shape) - 127.5)) < 80.0
    y, x = np.unravel_index(np.argmax(np.where(inner, picture, 0.0)), picture.shape)
    wanted = DISK.pixel(320.0, 20.0)
    assert np.hypot(x - wanted[0], y - wanted[1]) < 3.0


@pytest.mark.parametrize("wavelength", [171, 304])
def test_random_relations_stay_within_their_ranges(wavelength: int) -> None:
    channel = relation(wavelength)
    spread = 1.0 if channel.measured else 2.0
    rng = np.random.default_rng(5)
    drawn = [asdict(channel.drawn(rng)) for _ in range(300)]
    for name, value in asdict(channel).items():
        got = np.array([d[name] for d in drawn])
        if name in ("wavelength", "measured"):
            assert (got == value).all()
        elif name == "level":
            assert np.abs(got - value).max() <= 0.3 * spread
            assert np.ptp(got) > 0.5 * spread
        elif name == "near_width":
            assert set(np.unique((got / value).round(3))) == {0.667, 1.0, 1.5}
        elif value:
            assert np.abs(np.log(got / value)).max() <= spread * np.log(1.5)
            assert np.ptp(np.log(got / value)) > 1.8 * spread * np.log(1.5)


def test_only_what_the_pair_shows_is_called_measured() -> None:
    assert {wl for wl, r in RELATIONS.items() if r.measured} == {171, 193, 211}
    assert relation(195) is relation(193)


def test_the_light_above_a_real_magnetogram_resembles_the_real_corona(real_archive: Path) -> None:
    hmi, aia = (read(InputFile(next(real_archive.glob(p)), "", "")) for p in PAIR)
    assert isinstance(hmi.geometry, Disk)
    assert isinstance(aia.geometry, Disk)
    grid = CarringtonGrid(1440, 720)
    br = radial_field(hmi.data, hmi.geometry)
    cells = cell_means(br, hmi.mask, hmi.geometry, grid, mu_min=0.2).mean
    sun = moment(np.where(np.isfinite(cells), cells, 5.0), hmi.observation.time, grid)
    disk, (ny, nx) = aia.geometry, aia.data.shape
    y, x = np.indices((ny, nx))
    inner = np.hypot(x - disk.x0, y - disk.y0) < 0.85 * disk.radius
    real = np.log10(np.maximum(aia.data[inner], 1.0))

    def simulated(scatter: float) -> np.ndarray:
        channel = replace(R193, scatter=scatter)
        light = image(intensity(sun, CLOSED, channel, 1), grid, channel, disk, (ny, nx))
        return np.asarray(np.log10(light[inner]))

    def spread(light: np.ndarray) -> float:
        low, high = np.quantile(light, (0.16, 0.84))
        return float(high - low) / 2.0

    # The relation explains somewhat more than half of the variance on the half of the disk
    # it was not fitted on (r = .75 and .79); here pixels are finer and the hole is left
    # closed: .70. The texture lies elsewhere than the real one: it lowers the correlation
    # (to .50) and widens the distribution towards the real one; it was measured in cells
    # of half a degree and knows nothing of finer loops.
    bare, textured = simulated(0.0), simulated(R193.scatter)
    assert np.corrcoef(real, bare)[0, 1] > 0.65
    assert np.corrcoef(real, textured)[0, 1] > 0.45
    assert np.median(bare) == pytest.approx(np.median(real), abs=0.08)
    assert spread(bare) < 0.65 * spread(real)
    assert spread(textured) == pytest.approx(spread(real), rel=0.25)
