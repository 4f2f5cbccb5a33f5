"""A simulated archive holds what the real ones would, when they would, and the cycle runs on it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import netCDF4
import numpy as np
import pytest
from matplotlib import image as pictures

from pipeline import archives
from pipeline.archives import Fetcher, Ledger
from pipeline.archives.catalog import EUVI, SEISMIC_GONG, SEISMIC_GONG_REGIONS, SEISMIC_HMI_REGIONS
from pipeline.archives.verify import Kind, defect
from pipeline.core import BadRequest, CannotWrite, CarringtonGrid, InputFile, Quantity
from pipeline.cycle import run_cycle
from pipeline.instruments import read
from pipeline.settings import ArchiveSettings, CoronaSettings, Settings, SurfaceSettings
from pipeline.simulator.archive import DEFAULT, Written, write_archive
from pipeline.simulator.campaign import DAY, Campaign
from pipeline.simulator.instruments import hmi
from pipeline.simulator.server import ArchiveServer
from pipeline.simulator.sun import Moment
from pipeline.simulator.truth import read_truth, write_day

HOUR = timedelta(hours=1)
END = datetime(2026, 11, 20, 7, tzinfo=UTC)
START = END - timedelta(hours=31)
GRID = CarringtonGrid(360, 180)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """Thirty-one hours of a coarse Sun, one file of a series in six hours."""
    folder = tmp_path_factory.mktemp("archive") / "sun"
    return write_archive(
        folder, START, END, seed=1, every=6 * HOUR, hmi_size=256, grid=GRID,
        names=(*DEFAULT, "aia", "mdi"),
    )  # fmt: skip


def files(written: Written) -> list[Path]:
    return sorted(
        path for path in written.folder.rglob("*") if path.is_file() and "truth" not in path.parts
    )


def test_every_file_is_read_by_the_readers_of_real_files(written: Written) -> None:
    seen = set()
    for path in files(written):
        if path.suffix == ".txt":
            assert defect(path, Kind.TEXT) is None
            continue
        observation = read(InputFile(path, "", "")).observation
        assert observation.simulated
        assert START - HOUR <= observation.time <= END
        assert observation.quick_look or observation.quantity is Quantity.B_R or "mdi" in path.name
        seen.add(observation.instrument)
    assert seen == {"hmi", "gong", "gong-seismic", "euvi-a", "aia", "mdi"}


def test_a_file_is_as_old_as_it_would_be_and_none_is_early(written: Written) -> None:
    for path in files(written):
        appeared = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        assert START - HOUR <= appeared <= END
    newest = {"hmi.M_720s_nrt": 1.5 * HOUR, "euvi": 1.5 * HOUR, "mrfqo": 20 * HOUR}
    for part, latency in newest.items():
        ours = [path for path in files(written) if part in str(path)]
        times = [read(InputFile(path, "", "")).observation.time for path in ours]
        assert latency <= END - max(times) + timedelta(minutes=5) < latency + 18 * HOUR


def test_no_part_of_a_file_is_left(written: Written) -> None:
    assert not list(written.folder.rglob("*.part"))
    assert sum(written.files.values()) == len(files(written))
    assert written.size == sum(path.stat().st_size for path in files(written))


def test_the_catalogue_finds_everything_that_is_not_mdis(written: Written, tmp_path: Path) -> None:
    groups = (
        archives.HMI, archives.GONG_FULL_DISK, archives.GONG_SYNOPTIC, EUVI, SEISMIC_GONG,
        SEISMIC_GONG_REGIONS, SEISMIC_HMI_REGIONS,
        *(archives.catalog.aia(wavelength) for wavelength in (171, 193, 211, 304)),
    )  # fmt: skip
    ledger = Ledger(f"sqlite:///{tmp_path}/ledger.sqlite")
    found = {}
    with Fetcher(tmp_path / "cache", ledger, str(written.folder)) as fetcher:
        for group in groups:
            answer = fetcher.between(group, START - HOUR, END)
            assert not [problem for problem in answer.problems if "absent" not in problem]
            found[group.name] = len(answer.files)
    assert found["hmi"] == written.files["hmi"]
    assert found["euvi"] == written.files["euvi"]
    assert found["gong synoptic"] == written.files["gong-synoptic"] / 2  # kept in two places
    assert found["gong seismic map"] == found["gong seismic regions"]
    assert found["hmi seismic regions"] == written.files["hmi-seismic"]
    assert sum(found[f"aia {w}"] for w in (171, 193, 211, 304)) == written.files["aia"]


def test_the_truth_lies_beside_it_for_every_hour_to_the_end(written: Written) -> None:
    assert [path.name[-11:-3] for path in written.truth] == ["20261119", "20261120"]
    for hours in (0, 10, 31):
        moment = read_truth(written.folder, START + hours * HOUR)
        assert moment.grid == GRID
        assert np.abs(moment.br).mean() > 1.0


def test_the_same_seed_gives_the_same_bytes(written: Written, tmp_path: Path) -> None:
    again = write_archive(
        tmp_path / "again", START, START + 6 * HOUR, seed=1, every=6 * HOUR, hmi_size=256,
        grid=GRID, names=("hmi", "gong"),
    )  # fmt: skip
    paths = [path.relative_to(again.folder) for path in files(again)]
    assert any("hmi" in path.name for path in paths)
    for path in paths:
        assert (again.folder / path).read_bytes() == (written.folder / path).read_bytes()
    fields = [read_truth(folder, START).br for folder in (written.folder, again.folder)]
    np.testing.assert_array_equal(*fields)


def test_the_unchanged_cycle_publishes_a_marked_map(written: Written, tmp_path: Path) -> None:
    with ArchiveServer(written.folder) as server:
        settings = Settings(
            data=tmp_path,
            archives=ArchiveSettings(mirror=server.url),
            surface=SurfaceSettings(grid="360x180"),
            corona=CoronaSettings(radial_cells=4),
        )
        products = run_cycle(END, settings, spinup=timedelta(hours=30))
    with netCDF4.Dataset(products.files["synchronic"]) as data:
        assert data.title.startswith("SIMULATED")
        assert "simulated" in data.source
        br = data["br"][0].filled(np.nan)
    assert pictures.imread(products.files["quicklook"]).shape[2] >= 3
    truth = read_truth(written.folder, END).br
    coarse = CarringtonGrid(90, 45)
    product, real = (GRID.block_mean(field, coarse) for field in (br, truth))
    assert np.corrcoef(product.ravel(), real.ravel())[0, 1] > 0.7


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"end": START - HOUR}, "would end .* before it begins"),
        ({"end": START}, "would end"),
        ({"start": datetime(1950, 1, 1, tzinfo=UTC)}, "from 1980 to 2100"),
        ({"start": START + timedelta(minutes=30)}, "begin at 2026-11-19T00:00Z, not at 00:30:00"),
        ({"names": ("hmi", "gnog")}, "'gnog'; did you mean 'gong'"),
        ({"names": ("",)}, "Unknown instrument ''"),
        ({"hmi_size": 5000}, "5000 pixels cannot be made; give 64 to 4096"),
        ({"every": timedelta(seconds=5)}, "give 1m or more"),
        ({"grid": CarringtonGrid(100, 50)}, "100x50"),
    ],
)
def test_what_cannot_be_simulated_is_said_before_anything_is_written(
    tmp_path: Path, change: dict[str, object], sentence: str
) -> None:
    arguments = {"start": START, "end": END} | change
    with pytest.raises(BadRequest, match=sentence):
        write_archive(tmp_path / "new", **arguments)  # type: ignore[arg-type]
    assert not (tmp_path / "new").exists()


def test_two_suns_do_not_mix(tmp_path: Path) -> None:
    (tmp_path / "something").touch()
    with pytest.raises(BadRequest, match="not an empty folder"):
        write_archive(tmp_path, START, END)


def test_a_folder_below_a_file_is_said_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    moment = Moment(START, GRID, np.zeros(GRID.shape, np.float32), ())
    with pytest.raises(CannotWrite, match=r"Not a directory; .* or name another folder"):
        write_day(tmp_path / "file" / "sun", [moment])


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 200 KiB."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=200k", "none", tmp_path], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("mounting a small file system needs root")
    yield tmp_path
    # netCDF4 does not close what it could not write.
    subprocess.run(["umount", "--lazy", tmp_path], check=True)


def test_a_full_disk_is_said_in_one_sentence_and_nothing_is_half_written(
    small_disk: Path,
) -> None:
    br = np.random.default_rng(0).normal(0.0, 30.0, GRID.shape).astype(np.float32)
    moment = Moment(START, GRID, br, ())
    campaign = Campaign(seed=0, end=END + DAY)
    for write in (
        lambda: write_day(small_disk, [moment]),
        lambda: next(hmi.files(moment, campaign)).write(small_disk / "new" / "hmi.fits"),
    ):
        with pytest.raises(CannotWrite, match=r"free some space there") as refusal:
            write()
        assert str(refusal.value).startswith(f"{small_disk}/")
        assert not [path for path in small_disk.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--start", "yesterday", "--days", "1"], "'yesterday' is not a date"),
        (["--start", "2026-11-20", "--days", "nan"], "nan days after 2026-11-20 is no date"),
        (["--start", "2026-11-20", "--days", "1e8"], "1e+08 days after 2026-11-20 is no date"),
        (["--start", "2026-11-20", "--days", "1", "--instruments", ""], "Unknown instrument ''"),
    ],
)
def test_the_command_answers_bad_arguments_in_one_sentence(
    tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    command = [sys.executable, "-c", "from pipeline.cli import app; app()"]
    result = subprocess.run(
        [*command, "simulate", tmp_path / "new", *arguments], capture_output=True, text=True
    )
    assert result.returncode == 1
    assert sentence in result.stderr
    assert result.stderr.count("\n") == 1
