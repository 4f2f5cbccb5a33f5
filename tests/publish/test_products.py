"""One publication from the nouns to the files, judged by the validator."""

import itertools
import json
import os
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import netCDF4
import numpy as np
import pytest
from astropy.io import fits

from pipeline.core import BadFile, Corona, FarSide, GlobalMap, Quality
from pipeline.publish.netcdf import read_map
from pipeline.publish.products import describe, publish
from pipeline.publish.provenance import Provenance
from pipeline.publish.store import ProductSet, Store
from pipeline.publish.validate import validate


@pytest.fixture(scope="module")
def published(
    sky: GlobalMap,
    corona: Corona,
    farside: FarSide,
    provenance: Provenance,
    tmp_path_factory: pytest.TempPathFactory,
) -> ProductSet:
    return publish(tmp_path_factory.mktemp("data"), sky, corona, farside, provenance, "digest")


def test_every_product_is_published_and_valid(published: ProductSet) -> None:
    assert set(published.files) == {
        "synchronic",
        "corona",
        "farside",
        "wsa",
        "quicklook",
        "corona_quicklook",
    }
    assert [line for path in published.files.values() for line in validate(path)] == []
    latest = published.files["synchronic"].parents[4] / "latest"
    assert validate(latest / "synchronic.nc") == []


def test_a_set_is_described_for_programs(published: ProductSet, sky: GlobalMap) -> None:
    told = json.loads(json.dumps(describe(published)))
    assert told["valid_time"] == "2014-01-31T00:00:00Z"
    assert told["products"]["wsa"] == str(published.files["wsa"])
    assert told["inputs"] == [
        {
            "instrument": "hmi",
            "time": "2014-01-30T23:47:24Z",
            "url": sky.inputs[0].file.url,
            "sha256": "ab" * 32,
            "networks": "hmi-denoise/1 on cpu fp32 "
            "(parity 2e-05 G, 0.00% of pixels beyond training)",
        }
    ]
    assert sum(told["sources"].values()) == pytest.approx(1)
    assert told["qc"] == ["instrument_absent"]


def test_the_next_cycle_starts_from_what_was_published(
    published: ProductSet, sky: GlobalMap
) -> None:
    data = published.files["synchronic"].parents[5]
    previous = next(Store(data).before(sky.time + timedelta(hours=1)))
    assert previous == published
    np.testing.assert_array_equal(read_map(previous.files["synchronic"]).br, sky.br)


def test_a_later_writing_of_the_same_inputs_changes_nothing(
    published: ProductSet, sky: GlobalMap, corona: Corona, farside: FarSide, provenance: Provenance
) -> None:
    data = published.files["synchronic"].parents[5]
    before = {path: path.read_bytes() for path in published.files.values()}
    later = replace(provenance, created=provenance.created + timedelta(days=1))
    assert publish(data, sky, corona, farside, later, "digest") == published
    assert before == {path: path.read_bytes() for path in published.files.values()}


def test_a_publisher_killed_in_mid_work_leaves_only_whole_products(
    sky: GlobalMap, corona: Corona, farside: FarSide, provenance: Provenance, tmp_path: Path
) -> None:
    store = Store(tmp_path)
    for kill in range(6):
        before = store.newest()
        child = os.fork()
        if child == 0:
            try:
                for hour in itertools.count():
                    hourly = replace(sky, time=sky.time + timedelta(hours=hour))
                    publish(tmp_path, hourly, corona, farside, provenance, f"{kill}")
            finally:
                os._exit(1)
        while store.newest() == before:
            time.sleep(0.01)
        time.sleep(0.07 * kill)
        os.kill(child, signal.SIGKILL)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
        newest = store.newest()
        store.recover()
        visible = [p for p in tmp_path.rglob("allsun_*") if not p.is_symlink()]
        assert [line for path in visible for line in validate(path)] == []
        assert newest is None or newest.valid_time <= store.newest().valid_time
    assert len(visible) >= 2 * len(store.newest().files)
    assert len(visible) % len(store.newest().files) == 0


def variable(name: str, change: Callable[[np.ndarray], np.ndarray]) -> Callable[[Path], None]:
    def spoil(path: Path) -> None:
        with netCDF4.Dataset(path, "a") as data:
            data[name][:] = change(data[name][:])

    return spoil


def attribute(name: str, value: str, of: str | None = None) -> Callable[[Path], None]:
    def spoil(path: Path) -> None:
        with netCDF4.Dataset(path, "a") as data:
            (data[of] if of else data).setncattr(name, value)

    return spoil


def renamed(name: str) -> Callable[[Path], None]:
    def spoil(path: Path) -> None:
        with netCDF4.Dataset(path, "a") as data:
            data.renameVariable(name, "other")

    return spoil


def card(key: str, value: object) -> Callable[[Path], None]:
    return lambda path: fits.setval(path, key, value=value)


def hole(path: Path) -> None:
    with fits.open(path, mode="update") as file:
        file[0].data[3, 3] = np.nan


def end_cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


@pytest.mark.parametrize(
    ("kind", "spoil", "finding"),
    [
        ("synchronic", variable("br", lambda br: br * np.nan), "br is not finite"),
        ("synchronic", variable("br", lambda br: br + 1), "not balanced"),
        ("synchronic", variable("br", lambda br: 2 * br), "unsigned_flux is"),
        ("synchronic", variable("br_sigma", np.zeros_like), "br_sigma is not positive"),
        ("synchronic", variable("source", lambda s: s + 5), "without a meaning"),
        ("synchronic", variable("age", lambda age: age - 1), "age is negative"),
        ("synchronic", variable("qc", lambda _: 2 * max(Quality)), "flags without a meaning"),
        ("synchronic", variable("lat", lambda lat: lat[::-1]), "from the south"),
        ("synchronic", variable("lon", lambda lon: lon - 180), "0 to 360"),
        ("synchronic", attribute("units", "tesla", "br"), "'tesla' instead of 'gauss'"),
        ("synchronic", attribute("id", "other"), "not the file's name"),
        ("synchronic", renamed("input_sha256"), "missing: input_sha256"),
        ("synchronic", variable("input_sha256", lambda _: np.array(["?"], object)), "no SHA-256"),
        ("corona", variable("open_field", lambda o: o * 2), "other than -1, 0, 1"),
        ("corona", variable("source_surface_radius", lambda _: 0.5), "above the photosphere"),
        ("corona", variable("br_source_surface", lambda b: b * np.nan), "not finite"),
        ("corona", variable("neutral_line_lat", lambda lat: lat + 90), "leaves the sphere"),
        ("corona", variable("wind_speed_1au", lambda v: v * 0), "wind_speed_1au is not positive"),
        ("corona", variable("wind_speed", lambda v: v * np.nan), "wind_speed is not finite"),
        ("corona", variable("open_probability", lambda p: p + 1), "no probability"),
        ("corona", variable("expansion_factor", lambda f: f * 0 - 1), "expansion_factor is neg"),
        ("corona", attribute("expansion_factor_field", "both"), "whose expansion"),
        ("wsa", card("LONG0", 60), "LONG0 is 60 instead of 0"),
        ("wsa", card("BUNIT", "Tesla"), "BUNIT is 'Tesla'"),
        ("wsa", hole, "not finite"),
        ("quicklook", end_cut, "cut short"),
    ],
)  # fmt: skip
def test_the_validator_names_what_is_wrong(
    published: ProductSet,
    tmp_path: Path,
    kind: str,
    spoil: Callable[[Path], None],
    finding: str,
) -> None:
    copy = Path(shutil.copy(published.files[kind], tmp_path))
    assert validate(copy) == []
    spoil(copy)
    assert any(finding in line for line in validate(copy)), validate(copy)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "it is no product of allsun"),
        (b"<html>busy</html>", "it is no product of allsun"),
        (b"\x89HDF\r\n\x1a\n and no more", "it is not a readable NetCDF file"),
        (b"SIMPLE  =                    T and no more", "it is not readable FITS"),
    ],
)
def test_what_is_no_product_is_refused_with_a_remedy(
    tmp_path: Path, content: bytes, sentence: str
) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(BadFile, match=sentence):
        validate(tmp_path / "file")


def test_foreign_fits_and_a_truncated_product_are_refused(
    real_archive: Path, published: ProductSet, tmp_path: Path
) -> None:
    gong = tmp_path / "gong.fits"
    with fits.open(real_archive / "extra/gong_synoptic/cr2048.fits.gz") as file:
        file.writeto(gong)
    with pytest.raises(BadFile, match="FITS but no product"):
        validate(gong)
    cut = tmp_path / "cut.fits"
    cut.write_bytes(published.files["wsa"].read_bytes()[:100_000])
    with pytest.raises(BadFile, match="not readable FITS"):
        validate(cut)
    with pytest.raises(BadFile, match="cannot be read"):
        validate(tmp_path / "absent.nc")
