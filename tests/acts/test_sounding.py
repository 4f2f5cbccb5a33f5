"""Seismic maps and lists, from the archives to regions."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from small_archive import SmallArchive, small_settings

from pipeline import publish
from pipeline.acts import sounding
from pipeline.archives import Fetcher, Ledger
from pipeline.core import Source
from pipeline.cycle import run_cycle
from pipeline.simulator.instruments import seismic
from pipeline.simulator.instruments.seismic import Detection

TIME = datetime(2014, 3, 9, 12, tzinfo=UTC)
AT = TIME + timedelta(hours=20)
AGE = timedelta(days=3)
HOUR = timedelta(hours=1)
BEHIND = seismic.antipode(TIME)
STRONG = Detection(BEHIND.carrington_longitude, 12.0, 5e22, 0.9, 900.0)
MAP = f"{seismic.FQO}/201403/mrfqo140309/mrfqo140309t1200.fits"
CATALOGUE = f"{seismic.F6X}/201403/mrf6x140309/mrf6x140309t1200.txt"
LIST = f"{seismic.AR_LISTS}/AR_LIST_2014.03.09_12:00:00.txt"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An archive with one map and both lists."""
    folder = tmp_path / "archive"
    folder.mkdir()
    seismic.write_map(folder / MAP, (STRONG,), TIME, np.random.default_rng(0))
    seismic.write_catalogue(folder / CATALOGUE, (STRONG,), TIME)
    seismic.write_list(folder / LIST, (STRONG,), TIME)
    return folder


@pytest.fixture
def fetcher(root: Path, tmp_path: Path) -> Iterator[Fetcher]:
    ledger = Ledger(f"sqlite:///{tmp_path}/ledger.sqlite")
    with closing(ledger), Fetcher(tmp_path / "cache", ledger, str(root)) as fetcher:
        yield fetcher


def test_map_and_lists_are_found_and_read(fetcher: Fetcher) -> None:
    found, notes = sounding.fetch(fetcher, AT, AGE), list[str]()
    told = sounding.read(found.files, AT, notes)
    assert [regions.observation.instrument for regions in told] == [
        "gong-seismic",
        "gong-seismic",
        "hmi-seismic",
    ]
    for regions in told:
        assert any(abs(region.lat - STRONG.lat) < 3.0 for region in regions.regions)
    assert (found.problems, notes) == ((), [])


def test_that_there_is_none_is_no_news(fetcher: Fetcher) -> None:
    found = sounding.fetch(fetcher, AT + timedelta(days=9), AGE)
    assert (found.files, found.problems) == ((), ())


def test_a_broken_map_costs_a_note(fetcher: Fetcher, root: Path) -> None:
    seismic.write_map(root / MAP, (), TIME - timedelta(days=2), np.random.default_rng(0))
    (root / LIST).write_text("nothing of the kind\n")
    notes: list[str] = []
    told = sounding.read(sounding.fetch(fetcher, AT, AGE).files, AT, notes)
    assert len(told) == 1
    assert "its header gives 2014-03-07" in notes[0]
    assert "no list of far-side regions" in notes[1]


def test_a_cycle_adds_what_only_sound_has_found_once(tmp_path: Path) -> None:
    archive, data = SmallArchive(tmp_path / "archive", AT), tmp_path / "data"
    archive.hmi(AT)
    lon = (BEHIND.carrington_longitude + 12.0) % 360.0
    seismic.write_list(archive.root / LIST, (replace(STRONG, lon=lon),), TIME)
    settings = small_settings(archive.root, data)
    alone = settings.surface.model_copy(update={"members": 1})
    settings = settings.model_copy(update={"surface": alone})
    products = run_cycle(AT, settings)
    first = publish.read_map(products.files["synchronic"])
    inputs = [Path(entry["url"]).name for entry in publish.describe(products)["inputs"]]
    assert Path(LIST).name in inputs
    marked = first.source == Source.SEISMIC
    assert 1e-4 < marked.mean() < 0.05
    assert first.last_observed["hmi-seismic"] == TIME
    (archive.root / LIST).with_name("AR_LIST_2014.03.10_00:00:00.txt").write_text("nothing\n")
    archive.hmi(AT + HOUR)
    products = run_cycle(AT + HOUR, settings)
    second = publish.read_map(products.files["synchronic"])
    assert len(publish.describe(products)["inputs"]) == 1
    assert "no list of far-side regions" in "\n".join(second.notes)
    assert (second.source == Source.SEISMIC).mean() == pytest.approx(marked.mean(), rel=0.1)
