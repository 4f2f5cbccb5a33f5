"""Whole cycles on a small simulated archive, and one spin-up on the real one."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import netCDF4
import numpy as np
import pytest
from small_archive import SmallArchive, small_settings

from pipeline import publish
from pipeline.acts.intake import Look
from pipeline.core import NothingObserved, Quality, Source, earth
from pipeline.cycle import run_cycle
from pipeline.publish import ProductSet
from pipeline.settings import ArchiveSettings, Settings
from pipeline.simulator.faults import Fault, Trick
from pipeline.simulator.server import ArchiveServer
from pipeline.surface.rotation import rotate_labels

NOON = datetime(2014, 5, 20, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # from which whole cells are counted


class Site:
    """An archive and a data directory."""

    def __init__(self, folder: Path) -> None:
        self.archive = SmallArchive(folder / "archive", NOON)
        self.data = folder / "data"

    def cycle(self, at: datetime, **cycle: object) -> ProductSet:
        return run_cycle(at, small_settings(self.archive.root, self.data, **cycle))

    def state(self) -> list[tuple[Path, int, bytes]]:
        """Every file below the data directory with its time and content."""
        files = sorted(p for p in self.data.rglob("*") if p.is_file())
        return [(p, p.lstat().st_mtime_ns, p.read_bytes()) for p in files]


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site after its first cycle, at noon."""
    site = Site(tmp_path_factory.mktemp("site"))
    site.archive.synoptic(NOON - 25 * HOUR)
    site.archive.hmi(NOON - HOUR)
    site.archive.hmi(NOON)
    site.archive.gong(NOON - HOUR / 2)
    site.cycle(NOON)
    return site


@pytest.fixture
def site(begun: Site, tmp_path: Path) -> Site:
    """A copy of it."""
    shutil.copytree(begun.data.parent, tmp_path / "site", symlinks=True)
    return Site(tmp_path / "site")


def told(products: ProductSet) -> tuple[list[str], str, Quality]:
    """Names of the inputs, the notes, and the quality."""
    state = publish.read_map(products.files["synchronic"])
    urls = [entry["url"] for entry in publish.describe(products)["inputs"]]
    return [url.rpartition("/")[2] for url in urls], "\n".join(state.notes), state.qc


def hmi(hour: datetime) -> str:
    return f"{hour:hmi.M_720s_nrt.%Y%m%d_%H0000_TAI.fits}"


def newest(site: Site) -> datetime:
    found = publish.Store(site.data).newest()
    assert found is not None
    return found.valid_time


def test_a_first_cycle_begins_from_a_synoptic_map_and_says_so(begun: Site) -> None:
    products = begun.cycle(NOON)
    assert products.revision == 0
    assert told(products) == (
        [
            "mrzqs140519t1100c0000_000.fits.gz",
            hmi(NOON - HOUR),
            "bbbqa140520t1130.fits.gz",
            hmi(NOON),
        ],
        "",
        Quality.COLD_START,
    )
    assert [fault for path in products.files.values() for fault in publish.validate(path)] == []
    state = publish.read_map(products.files["synchronic"])
    assert state.simulated
    assert np.isfinite(state.age).all()
    # Cells average four pixels of the small HMI frames and fifty of GONG's, which errs less.
    fractions = state.area_fractions()
    assert fractions["hmi"] > 0.0
    assert 0.2 < fractions["hmi"] + fractions["gong"] < 0.5
    disk = earth(NOON).mu(*state.grid.mesh()) > 0.5
    assert np.isin(state.source[disk], (Source.HMI, Source.GONG)).mean() > 0.99
    assert np.median(state.age[disk]) < 0.6
    for kind in ("synchronic", "corona"):
        with netCDF4.Dataset(products.files[kind]) as file:
            assert file.enhancement == "off"
            assert file.previous_map == "none"


def test_the_same_cycle_again_changes_nothing(begun: Site) -> None:
    before = begun.state()
    begun.cycle(NOON)
    assert begun.state() == before


def test_a_new_input_makes_a_revision_that_latest_follows(site: Site) -> None:
    first = publish.Store(site.data).newest()
    site.archive.gong(NOON - HOUR / 6)
    revised = site.cycle(NOON)
    assert (first.revision, revised.revision) == (0, 1)
    assert revised.files["synchronic"].name == "allsun_synchronic_20140520T1200Z_r01.nc"
    assert publish.Store(site.data).newest() == revised
    assert "bbbqa140520t1150.fits.gz" in told(revised)[0]


def test_hourly_cycles_carry_the_map_on_and_use_every_frame_once(site: Site) -> None:
    previous = publish.Store(site.data).newest()
    for n in (1, 2):
        site.archive.hmi(NOON + n * HOUR)
        site.archive.gong(NOON + (n - 0.5) * HOUR)
        products = site.cycle(NOON + n * HOUR)
        gong = f"{NOON + (n - 0.5) * HOUR:bbbqa%y%m%dt%H%M.fits.gz}"
        assert told(products) == ([gong, hmi(NOON + n * HOUR)], "", Quality.GOOD)
        with netCDF4.Dataset(products.files["synchronic"]) as file:
            before = previous.files["synchronic"]
            assert file.previous_map == before.name
            assert file.previous_map_sha256 == hashlib.sha256(before.read_bytes()).hexdigest()
        previous = products
    assert newest(site) == NOON + 2 * HOUR
    state = publish.read_map(previous.files["synchronic"])
    began = publish.read_map(site.cycle(NOON).files["synchronic"])
    hidden = earth(NOON).mu(*state.grid.mesh()) < -0.02  # in two hours a degree comes round
    start, stop = ((map_.time - EPOCH) / DAY for map_ in (began, state))
    carried = rotate_labels(began.age, state.grid, start, stop)
    np.testing.assert_allclose((state.age - carried)[hidden], 2.0, atol=0.01)
    assert state.age.min() < 0.02


def test_an_hour_without_news_is_published_and_says_so(site: Site) -> None:
    inputs, notes, qc = told(site.cycle(NOON + 7 * HOUR))
    assert inputs == []
    assert "hmi: no observation from 2014-05-20 12:04Z to 2014-05-20 19:00Z." in notes
    assert "gong full disk: no observation from" in notes
    assert qc == Quality.STALE_INPUT


def test_spoiled_frames_are_left_out_named_and_used_once_whole(site: Site) -> None:
    archive = site.archive
    spoiled = {
        NOON + HOUR: "QUALITY 0x80000400 forbids its use (no data)",
        NOON + 2 * HOUR: "is cut short",
        NOON + 3 * HOUR: "no pixel holds a measurement",
        NOON + 4 * HOUR: "its unit is 'Tesla', not gauss",
        NOON + 5 * HOUR: "it fits the map of the days before",
        NOON + 6 * HOUR: "its header gives 2014-05-20 12:00:00Z for 2014-05-20 17:59Z",
    }
    quality, cut, blank, tesla, flipped, other = spoiled
    archive.spoiled(quality, QUALITY=-0x7FFFFC00)
    archive.spoiled(blank, lambda data: data * np.nan)
    archive.spoiled(tesla, BUNIT="Tesla")
    archive.spoiled(flipped, lambda data: data[:, ::-1])
    path = archive.hmi(cut)
    path.write_bytes(path.read_bytes()[:20_000])
    shutil.copy(publish.Store(site.data).newest().files["wsa"], archive.hmi(other))

    at = NOON + 6 * HOUR
    inputs, notes, qc = told(site.cycle(at))
    assert inputs == []
    assert qc == Quality.STALE_INPUT
    for hour, problem in spoiled.items():
        assert re.search(rf"{re.escape(hmi(hour))}: .*{re.escape(problem)}", notes), problem
    assert len(notes.splitlines()) == len(spoiled) + 2  # GONG's absence, and how old the newest is

    for hour in spoiled:
        archive.hmi(hour)
    inputs, notes, _ = told(site.cycle(at))
    assert inputs == [hmi(hour) for hour in spoiled]
    assert notes.startswith("gong full disk: no observation")
    assert publish.Store(site.data).newest().revision == 1


def test_a_host_that_refuses_costs_a_note(site: Site) -> None:
    at = NOON + HOUR
    site.archive.hmi(at)
    site.archive.gong(NOON + HOUR / 2)
    with ArchiveServer(site.archive.root) as server:
        settings = small_settings(server.url, site.data)
        server.inject(Fault(Trick.FORBIDDEN, match="jsoc.stanford.edu", times=99))
        inputs, notes, _ = told(run_cycle(at, settings))
        assert inputs == ["bbbqa140520t1230.fits.gz"]
        assert "http://jsoc.stanford.edu/data/hmi/fits/2014/05/20/: answered 403" in notes
        assert "hmi: no observation from" in notes
        server.archive.faults.clear()
        inputs, notes, _ = told(run_cycle(at, settings))
        assert inputs == ["bbbqa140520t1230.fits.gz", hmi(at)]
        assert notes == ""


def test_where_hmi_alone_looks_the_map_rests_on_it(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.archive.synoptic(NOON - 25 * HOUR)
    site.archive.hmi(NOON - HOUR)
    site.archive.hmi(NOON)
    state = publish.read_map(site.cycle(NOON).files["synchronic"])
    assert 0.2 < state.area_fractions()["hmi"] < 0.5
    assert np.median(state.age[state.source == Source.HMI]) < 0.02


def test_an_instrument_that_was_never_there_is_missed(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.archive.gong(NOON - HOUR / 2)
    inputs, notes, qc = told(site.cycle(NOON))
    assert inputs == ["bbbqa140520t1130.fits.gz"]
    assert "hmi: no observation from 2014-05-19 12:00Z to 2014-05-20 12:00Z." in notes
    assert "gong synoptic: no observation from" in notes
    assert qc == Quality.COLD_START | Quality.INSTRUMENT_ABSENT | Quality.CHECK_FAILED
    assert "of the Sun within 60 degrees was not seen for a rotation, or never." in notes


def test_nothing_is_made_from_nothing(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.archive.root.mkdir()
    with pytest.raises(NothingObserved, match=r"^There is neither an observation up to .*--data\."):
        site.cycle(NOON)
    assert publish.Store(site.data).newest() is None


def damage(site: Site) -> None:
    path = publish.Store(site.data).newest().files["synchronic"]
    path.write_bytes(path.read_bytes()[:5000])


@pytest.mark.parametrize(
    ("spoil", "cycle", "reason"),
    [
        (damage, {}, "it is not a readable NetCDF file"),
        (lambda site: None, {"history": HOUR / 2}, "too old to be carried on"),
    ],
    ids=["damaged", "too old"],
)
def test_a_map_that_cannot_be_carried_on_is_replaced(
    site: Site, spoil: Callable[[Site], None], cycle: dict[str, object], reason: str
) -> None:
    spoil(site)
    inputs, notes, qc = told(site.cycle(NOON + HOUR, **cycle))
    assert hmi(NOON) in inputs
    assert "mrzqs140519t1100c0000_000.fits.gz" in inputs
    assert re.search(rf"allsun_synchronic_20140520T1200Z_r00\.nc: {reason}", notes)
    assert Quality.COLD_START in qc


def test_behind_a_damaged_map_the_next_older_one_is_carried_on(site: Site) -> None:
    older = publish.Store(site.data).newest().files["synchronic"]
    site.archive.hmi(NOON + HOUR)
    site.cycle(NOON + HOUR)
    damage(site)
    site.archive.hmi(NOON + 2 * HOUR)
    products = site.cycle(NOON + 2 * HOUR)
    inputs, notes, qc = told(products)
    assert publish.read_map(products.files["synchronic"]).previous.path.name == older.name
    assert inputs == [hmi(NOON + HOUR), hmi(NOON + 2 * HOUR)]
    assert "1300Z_r00.nc: it is not a readable NetCDF file" in notes
    assert Quality.COLD_START not in qc


def test_what_comes_very_late_enters_a_map_of_its_own_time(site: Site) -> None:
    """Eight hours late: the cycle goes on from the last map that does not lie after it."""
    before = site.cycle(NOON + HOUR).files["synchronic"]
    site.cycle(NOON + 9 * HOUR)
    site.archive.hmi(NOON + 2 * HOUR)
    products = site.cycle(NOON + 10 * HOUR)
    with netCDF4.Dataset(products.files["synchronic"]) as file:
        assert file.previous_map == before.name
    assert told(products)[0] == [hmi(NOON + 2 * HOUR)]
    age = publish.read_map(products.files["synchronic"]).age
    assert np.nanmin(age) == pytest.approx(8.0, abs=0.1)


def members(products: ProductSet) -> np.ndarray:
    map_ = publish.read_map(products.files["synchronic"])
    found = publish.with_stored_members(map_, products.files["state"]).members
    assert found is not None
    return found


def test_the_ensemble_is_carried_on_in_any_number_and_begun_anew_when_damaged(site: Site) -> None:
    before = members(publish.Store(site.data).newest())
    assert len(before) == 12
    settings = small_settings(site.archive.root, site.data)
    fewer = settings.model_copy(
        update={"surface": settings.surface.model_copy(update={"members": 3})}
    )
    after = members(run_cycle(NOON + HOUR, fewer))
    for one, other in zip(before[:3], after, strict=True):
        apart = one - before[:3].mean(axis=0), other - after.mean(axis=0)
        assert np.corrcoef(*(field.ravel() for field in apart))[0, 1] > 0.9
    path = publish.Store(site.data).newest().files["state"]
    path.write_bytes(path.read_bytes()[:5000])
    products = run_cycle(NOON + 2 * HOUR, settings)
    assert f"{path.name}: it is not a readable NetCDF file" in told(products)[1]
    assert Quality.COLD_START not in told(products)[2]
    assert len(members(products)) == 12


def test_a_map_on_another_grid_is_not_carried_on(site: Site) -> None:
    settings = small_settings(site.archive.root, site.data)
    surface = settings.surface.model_copy(update={"grid": "720x360"})
    products = run_cycle(NOON + HOUR, settings.model_copy(update={"surface": surface}))
    _, notes, qc = told(products)
    assert "allsun_synchronic_20140520T1200Z_r00.nc: on another grid" in notes
    assert Quality.COLD_START in qc


def test_killed_cycles_leave_a_whole_latest_and_the_next_one_succeeds(site: Site) -> None:
    at = NOON + HOUR
    site.archive.hmi(at)
    site.archive.gong(NOON + HOUR / 2)
    script = Path(__file__).with_name("killed_cycles.py")
    arguments = [site.archive.root, site.data, at.isoformat()]
    ran = subprocess.run(
        [sys.executable, script, *arguments], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert int(ran.stdout) >= 6
    products = publish.Store(site.data).newest()
    assert (products.valid_time, products.revision) == (at, 0)
    assert told(products)[0] == ["bbbqa140520t1230.fits.gz", hmi(at)]
    before = site.state()
    assert site.cycle(at) == products
    assert site.state() == before


def test_a_month_of_real_frames(real_archive: Path, tmp_path: Path) -> None:
    at = datetime(2014, 1, 31, tzinfo=UTC)
    settings = Settings(data=tmp_path, archives=ArchiveSettings(mirror=str(real_archive)))
    worked: list[str] = []

    def track(looks: Iterable[Look]) -> Iterator[Look]:
        for look in looks:
            worked.extend(fetched.file.path.name for fetched in look)
            yield look

    products = run_cycle(at, settings, timedelta(days=28), track)
    days = [day for day in range(4, 31) if day not in (8, 13, 29)]
    expected = [f"hmi.M_720s.201401{day:02d}_000000_TAI.fits" for day in days]
    inputs, notes, qc = told(products)
    assert inputs == worked == expected
    assert "hmi: no frame of 2014-01-08, 2014-01-13, 2014-01-29." in notes
    assert qc == Quality.COLD_START | Quality.INSTRUMENT_ABSENT | Quality.STALE_INPUT
    assert [fault for path in products.files.values() for fault in publish.validate(path)] == []
    for kind in ("synchronic", "corona"):
        report = tmp_path / f"{kind}.json"
        checker = Path(sys.executable).with_name("compliance-checker")
        subprocess.run(
            [checker, "-t", "cf:1.11", "-t", "acdd:1.3", "-f", "json", "-o", report,
             products.files[kind]],
            capture_output=True, check=False,
        )  # fmt: skip
        found = json.loads(report.read_text())
        assert found["cf:1.11"]["scored_points"] == found["cf:1.11"]["possible_points"]
        for finding in found["acdd:1.3"]["high_priorities"]:  # CF names no solar quantity
            assert finding["value"][0] == finding["value"][1] or finding["msgs"] == [
                "standard_name"
            ]
