"""How long networks stay open: as long as the settings do that chose them."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path

import pytest
from enhance.networks import write_network
from small_archive import small_settings

from pipeline.acts import networks
from pipeline.settings import EnhanceSettings, Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    for kind in ("identity", "box"):
        write_network(tmp_path / "weights", kind, name=f"a-{kind}")
    chosen = EnhanceSettings(weights=tmp_path / "weights", networks=("a-identity", "a-box"))
    return small_settings(tmp_path, tmp_path).model_copy(update={"enhance": chosen})


def test_are_opened_once(settings: Settings) -> None:
    lost: list[str] = []
    first, again = networks.ready(settings, lost), networks.ready(settings, lost)
    assert not lost
    assert all(one is other for one, other in zip(first, again, strict=True))


@pytest.mark.parametrize("changed", [{"networks": ("a-box",)}, {"memory": 1.0}, {"networks": ()}])
def test_of_dropped_settings_are_freed(settings: Settings, changed: dict[str, object]) -> None:
    lost: list[str] = []
    opened = [weakref.ref(engine) for engine in networks.ready(settings, lost)]
    enhance = settings.enhance.model_copy(update=changed)
    networks.ready(settings.model_copy(update={"enhance": enhance}), lost)
    gc.collect()
    assert not lost
    assert [engine() for engine in opened] == [None, None]
