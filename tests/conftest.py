"""What tests share."""

import json
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from command import AT, NOON, SMALL, Published, on_a_terminal
from small_archive import SmallArchive

REAL_ARCHIVE = Path(__file__).resolve().parents[2] / "shared" / "archive"


@pytest.fixture(scope="session")
def real_archive() -> Path:
    """The folder of real observations beside the checkout."""
    if not REAL_ARCHIVE.is_dir():
        pytest.skip("real observations are absent: no folder ../shared/archive")
    return REAL_ARCHIVE


@pytest.fixture(scope="session", autouse=True)
def default_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Settings of this machine's operator do not reach the tests."""
    file = tmp_path_factory.mktemp("settings") / "allsun.toml"
    file.write_text("")
    with pytest.MonkeyPatch.context() as environment:
        for name in os.environ:
            if name.startswith("ALLSUN_"):
                environment.delenv(name)
        environment.setenv("ALLSUN_CONFIG", str(file))
        yield


@pytest.fixture(scope="session")
def small_archive(tmp_path_factory: pytest.TempPathFactory) -> SmallArchive:
    """A synoptic map, a frame of GONG and one of HMI up to noon."""
    archive = SmallArchive(tmp_path_factory.mktemp("archive"), NOON)
    archive.synoptic(NOON - timedelta(hours=25))
    archive.gong(NOON - timedelta(minutes=30))
    archive.hmi(NOON)
    return archive


@pytest.fixture(scope="session")
def published(small_archive: SmallArchive, tmp_path_factory: pytest.TempPathFactory) -> Published:
    """A cycle at noon, watched on a terminal."""
    data = tmp_path_factory.mktemp("data")
    where = ("--archive", small_archive.root, "--data", data)
    printed, shown = on_a_terminal("once", "--json", *AT, *where, **SMALL)
    return json.loads(printed), shown, data


@pytest.fixture(scope="session")
def products(published: Published) -> dict[str, Path]:
    """The files it made, by kind."""
    return {kind: Path(path) for kind, path in published[0]["products"].items()}
