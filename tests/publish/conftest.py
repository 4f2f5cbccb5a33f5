"""A synthetic map and corona, small and free of accidents."""

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from plain_corona import full_parts, plain_corona

from pipeline.core import (
    CarringtonGrid,
    Corona,
    Evidence,
    FarSide,
    FarSideRegion,
    GlobalMap,
    Inference,
    InputFile,
    Observation,
    Quality,
    Quantity,
    Source,
    earth,
)
from pipeline.publish.provenance import Provenance

TIME = datetime(2014, 1, 31, tzinfo=UTC)


def synthetic_map(grid: CarringtonGrid) -> GlobalMap:
    """A dipole with two active regions, seen by the Earth, balanced to rounding."""
    lon, lat = grid.mesh()
    observer = earth(TIME)
    br = 4.0 * np.sin(np.radians(lat)) ** 7
    for lon0, lat0 in (((observer.carrington_longitude + 20) % 360, 15.0), (200.0, -12.0)):
        for sign in (-1, 1):
            distance2 = (lon - lon0 - 4 * sign) ** 2 + (lat - lat0) ** 2
            br += sign * np.sign(lat0) * 300.0 * np.exp(-distance2 / 18.0)
    br += np.random.default_rng(1).normal(0.0, 3.0, grid.shape)
    br -= br.mean()
    mu = observer.mu(lon, lat)
    source = np.where(mu > 0.2, Source.HMI, Source.TRANSPORTED)
    source[np.abs(lat) > 80] = Source.POLAR
    behind = (observer.carrington_longitude - lon) % 360
    age = np.where(source == Source.HMI, 0.0, behind * 24 / 13.2)
    age[source == Source.POLAR] = np.nan
    file = InputFile(
        Path("hmi.fits"), "http://jsoc.stanford.edu/data/hmi/fits/2014/01/31/hmi.fits", "ab" * 32
    )
    return GlobalMap(
        time=TIME,
        grid=grid,
        br=br.astype(np.float32),
        sigma=np.full(grid.shape, 6.0, np.float32),
        source=source.astype(np.uint8),
        age=age.astype(np.float32),
        inputs=(
            Observation(
                "hmi", Quantity.B_LOS, TIME - timedelta(minutes=12, seconds=35.4), observer, file,
                quick_look=True,
                inferences=(Inference("hmi-denoise/1", "ef" * 32, "cpu fp32", 2e-5, 0.0, 9.0),),
            ),
        ),
        last_observed={"hmi": TIME - timedelta(minutes=12, seconds=35.4)},
        previous=InputFile(Path("allsun_synchronic_20140130T0000Z_r00.nc"), "", "cd" * 32),
        net_flux_removed=-3.2e21,
        qc=Quality.INSTRUMENT_ABSENT,
        notes=("GONG absent.", "Seismic regions not used."),
    )  # fmt: skip


def synthetic_corona(map_: GlobalMap) -> Corona:
    """A tilted dipole's source surface with polar coronal holes, on a coarser grid."""
    grid = CarringtonGrid(map_.grid.nlon // 2, map_.grid.nlat // 2)
    lon, lat = grid.mesh()
    tilted = np.sin(np.radians(lat)) + 0.4 * np.cos(np.radians(lat)) * np.cos(np.radians(lon - 70))
    holes = np.where(np.abs(lat) > 62 + 6 * np.cos(np.radians(3 * lon)), np.sign(lat), 0)
    holes[(np.hypot(lon - 130, (lat - 20) / 1.5)) < 14] = 1
    longitude = np.linspace(0.0, 360.0, 181)
    line = np.degrees(np.arctan(-0.4 * np.cos(np.radians(longitude - 70))))
    return plain_corona(
        map_.time,
        grid,
        open_field=holes.astype(np.int8),
        br_source_surface=(0.1 * tilted).astype(np.float32),
        neutral_line=(np.column_stack([longitude, line]),),
        open_flux=3.1e22,
        tilt=22.0,
        **full_parts(map_.time, grid),
    )


@pytest.fixture(scope="session")
def make_map() -> Callable[[CarringtonGrid], GlobalMap]:
    return synthetic_map


@pytest.fixture(scope="session")
def sky() -> GlobalMap:
    return synthetic_map(CarringtonGrid(72, 36))


@pytest.fixture(scope="session")
def corona(sky: GlobalMap) -> Corona:
    return synthetic_corona(sky)


@pytest.fixture(scope="session")
def farside() -> FarSide:
    """Three regions: one that all see, one known by sound alone, one that was carried."""
    day = timedelta(days=1)
    whole = FarSideRegion(
        number=12, lon=40.0, lat=14.0, area=900.0, flux=8.1e21, flux_sigma=1.2e21,
        leading_polarity=1, first_seen=TIME - 9 * day, last_seen=TIME - timedelta(hours=2),
        probabilities={Evidence.EUV: 0.8, Evidence.SEISMIC: 0.6, Evidence.TRANSPORTED: 0.7},
        limb_return=TIME + 1.5 * day,
    )  # fmt: skip
    heard = replace(
        whole, number=15, lon=330.5, lat=-22.0, area=np.nan, flux=np.nan, flux_sigma=np.nan,
        leading_polarity=0, probabilities={Evidence.SEISMIC: 0.6}, limb_return=TIME + 7 * day,
    )  # fmt: skip
    carried = replace(
        whole, number=3, lon=280.0, lat=9.0, leading_polarity=-1,
        probabilities={Evidence.TRANSPORTED: 0.7}, limb_return=TIME + 11 * day,
    )  # fmt: skip
    return FarSide(TIME, (whole, heard, carried), numbered=15)


@pytest.fixture(scope="session")
def provenance() -> Provenance:
    return Provenance(
        TIME + timedelta(hours=1), "0123456789ab", "A Centre", "https://a.int", "desk@a.int"
    )


@pytest.fixture(scope="session")
def bare(sky: GlobalMap) -> GlobalMap:
    """A map begun from nothing: no inputs, no predecessor, no notes."""
    return replace(
        sky,
        inputs=(),
        last_observed={},
        previous=None,
        notes=(),
        qc=Quality.COLD_START,
        simulated=True,
    )


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "none", tmp_path], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("mounting a small file system needs root")
    yield tmp_path
    subprocess.run(["umount", tmp_path], check=True)
