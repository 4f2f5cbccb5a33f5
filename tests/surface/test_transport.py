"""Flux transport against what theory says of it."""

import numpy as np
import pytest
from scipy.special import sph_harm_y

from pipeline.core import CarringtonGrid
from pipeline.core.grid import R_SUN_CM
from pipeline.surface.flows import DAY, Flow
from pipeline.surface.rotation import CARRINGTON_RATE, ROTATION
from pipeline.surface.transport import blur, renew, transport

GRID = CarringtonGrid(720, 360)
SMALL = CarringtonGrid(180, 90)
RIGID = (CARRINGTON_RATE, 0.0, 0.0)
STILL = (0.0, 0.0, 0.0)
NOISE = np.random.default_rng(3).normal(0.0, 20.0, SMALL.shape)


def renewed(
    fields: np.ndarray, grid: CarringtonGrid, days: float, rng: np.random.Generator
) -> np.ndarray:
    """Fields (n, nlat, nlon) carried while flux of their own emerges in each."""
    white = (len(fields), 2, grid.nlat, grid.nlon + 2)
    drawn = rng.standard_normal(white, dtype=np.float32)
    pairs = zip(fields.astype(np.float32), drawn, strict=True)
    return np.stack([renew(field, grid, days, Flow(), one) for field, one in pairs])


def harmonic(degree: int, order: int, grid: CarringtonGrid) -> np.ndarray:
    lon, lat = np.radians(grid.mesh())
    return np.asarray(sph_harm_y(degree, order, np.pi / 2 - lat, lon).real)


@pytest.mark.parametrize(("degree", "order"), [(1, 0), (8, 3), (32, 24), (64, 40)])
def test_a_harmonic_decays_as_theory_says(degree: int, order: int) -> None:
    """exp(-l (l + 1) eta t / R²), within 1 % after its amplitude has halved.

    Where it lies on rows that resolve it: near the poles they are degrees wide.
    """
    per_day = degree * (degree + 1) * 300e10 * DAY / R_SUN_CM**2
    days, steps = np.log(2.0) / per_day, 20
    field = decayed = harmonic(degree, order, GRID)
    for _ in range(steps):
        decayed = transport(decayed, GRID, days / steps, Flow(RIGID, STILL, 300.0))
    assert np.sum(decayed * field) / np.sum(field**2) == pytest.approx(0.5, rel=0.01)


def test_a_pattern_returns_after_a_full_turn() -> None:
    """By rigid rotation 1° a day faster than the grid."""
    field = harmonic(30, 17, SMALL)
    turned = transport(field, SMALL, 360.0, Flow((CARRINGTON_RATE + 1.0, 0.0, 0.0), STILL, 0.0))
    assert np.abs(turned - field).max() < 1e-6 * np.abs(field).max()


def test_a_year_keeps_the_net_flux_and_stays_finite() -> None:
    field = NOISE + 5.0
    for _ in range(365):
        field = transport(field, SMALL, 1.0, Flow())
    assert np.isfinite(field).all()
    assert field.sum() == pytest.approx((NOISE + 5.0).sum(), rel=1e-12)
    assert field.min() > 0.0


def test_field_of_one_sign_stays_so() -> None:
    spot = np.zeros(GRID.shape)
    spot[180:184, 100:104] = 1000.0
    spot = blur(spot, GRID, 3.0).clip(min=0.0)
    for days in (1 / 24, 1.0, 30.0):
        assert transport(spot, GRID, days, Flow()).min() > -1e-3 * spot.max()


def test_hours_add_up_to_days() -> None:
    """The splitting is of second order: small for what a map resolves well."""
    field = blur(NOISE, SMALL, 8.0)
    hourly = field
    for _ in range(72):
        hourly = transport(hourly, SMALL, 1 / 24, Flow())
    assert np.abs(hourly - transport(field, SMALL, 3.0, Flow())).max() < 1e-3 * np.abs(field).max()


def test_flow_reaches_the_pole_it_points_to() -> None:
    field = np.ones(SMALL.shape)
    after = transport(field, SMALL, 300.0, Flow(ROTATION, (15.0, 0.0, 0.0), 300.0))
    assert after[0].mean() > 2.0
    assert after[-1].mean() > 2.0
    assert after[45].mean() < 1.0


@pytest.mark.parametrize("days", [1 / 24, 1.0, 27.0])
def test_quiet_sun_neither_fades_nor_grows(days: float) -> None:
    """From nothing to quiet Sun, and from quiet Sun to another: the same flux at every scale."""
    rng = np.random.default_rng(5)
    quiet = renewed(np.zeros((2, *SMALL.shape)), SMALL, 4000.0, rng)
    later = renewed(quiet, SMALL, days, rng)
    low = np.abs(SMALL.lat) < 50.0
    for fwhm in (1.0, 8.0, 20.0):
        before, after = (np.std(blur(field, SMALL, fwhm)[:, low]) for field in (quiet, later))
        assert after == pytest.approx(before, rel=0.12)
    assert np.abs(later.mean(axis=(1, 2), dtype=np.float64)).max() < 1e-6
    assert abs(np.corrcoef(later[0].ravel(), later[1].ravel())[0, 1]) < 0.05


def test_what_emerges_does_not_depend_on_the_grid() -> None:
    rng = np.random.default_rng(6)
    wide = [
        np.std(blur(renewed(np.zeros((1, *grid.shape)), grid, 30.0, rng), grid, 8.0))
        for grid in (SMALL, CarringtonGrid(360, 180))
    ]
    assert wide[0] == pytest.approx(wide[1], rel=0.2)


@pytest.mark.parametrize("fwhm", [2.0, 4.0, 8.0])
def test_blur_damps_a_harmonic_as_a_gaussian_does(fwhm: float) -> None:
    grid = CarringtonGrid(360, 180)
    s = grid.sin_lat[:, np.newaxis]
    degree, order = 5, 4
    pattern = s * (1 - s**2) ** 2 * np.cos(np.radians(order * grid.lon))
    variance = np.radians(fwhm) ** 2 / (8 * np.log(2))
    expected = np.exp(-degree * (degree + 1) * variance / 2) * pattern
    np.testing.assert_allclose(blur(pattern, grid, fwhm), expected, atol=2e-4 * pattern.max())


@pytest.mark.parametrize("fwhm", [2.0, 8.0])
@pytest.mark.parametrize("lat", [0.0, 60.0])
def test_a_blurred_point_has_the_width_asked_for(fwhm: float, lat: float) -> None:
    row = int(np.abs(GRID.lat - lat).argmin())
    point = np.zeros(GRID.shape)
    point[row, 100] = 1.0
    profile = blur(point, GRID, fwhm)[row]
    half = GRID.lon[profile > profile.max() / 2]
    width = (np.ptp(half) + 0.5) * np.cos(np.radians(GRID.lat[row]))
    assert width == pytest.approx(fwhm, abs=0.5)
