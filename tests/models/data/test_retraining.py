"""The one command that the cards name: the archives' own frames in place of what was at hand."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed")

from command import allsun
from scenes import textured

from models import recipe, stores
from models.checkpoints import trained
from models.data import SEASONS, Scene, shards
from pipeline.enhance import WEIGHTS
from pipeline.enhance.registry import installed

SHIPPED = ("hmi-denoise", "gong-to-hmi", "mdi-to-hmi")
LEARNT, CHOSEN = (datetime(2014, month, 18, tzinfo=UTC) for month in (5, 6))


def frame(time: datetime) -> list[Scene]:
    """A piece of a full disk with the stack of its neighbours."""
    scene = textured((160, 160), f"disk-{time:%Y-%m}", time)
    noise = np.random.default_rng(0).normal(0.0, 10.0, scene.field.shape)
    return [replace(scene, observed=scene.field + noise.astype(np.float32))]


@pytest.mark.parametrize("name", SHIPPED)
def test_cards_name_the_command_and_the_recipe_follows_it(name: str) -> None:
    [network] = [n for n in installed(WEIGHTS) if n.card.name == name]
    command = f"allsun models train {name} --start TIME --end TIME"
    assert any(command in limit for limit in network.card.limits)
    shipped = recipe.read(recipe.find(name))
    assert network.card.limits == shipped.about.limits
    anew = stores.of_period(shipped, (LEARNT, CHOSEN))
    assert anew.data.sets == (name,)
    assert anew.about.period == (LEARNT.date(), CHOSEN.date())
    assert anew.about.version > network.card.version
    assert command not in " ".join(anew.about.limits)


def test_weights_of_a_period_have_seen_the_archives_and_say_so(tmp_path: Path) -> None:
    items = [shards.Item(f"{t:%Y-%m}", partial(frame, t)) for t in (LEARNT, CHOSEN)]
    shards.write(tmp_path / "set", "hmi-denoise", "0", items, SEASONS)
    short = tmp_path / "hmi-denoise.toml"
    text = recipe.find("hmi-denoise").read_text().replace("batch = 5", "batch = 1")
    short.write_text(text.replace("steps = 12500", "steps = 1\nvalidation_batches = 1"))
    where = ("--from", tmp_path / "set", "--data", tmp_path / "data", "--workers", 0, "--json")
    ran = allsun("models", "train", short, *where)
    assert "nothing from sharp" in ran.stderr  # what came with the recipe is not there
    period = ("--start", f"{LEARNT:%Y-%m-%dT%H:%MZ}", "--end", f"{CHOSEN:%Y-%m-%dT%H:%MZ}")
    ran = allsun("models", "train", short, *period, *where)
    assert ran.exit_code == 0, ran.output
    learnt, _ = trained(Path(json.loads(ran.stdout)["weights"]))
    assert learnt.about.version == "1.20140618"
    assert learnt.about.data == "HMI 45 s frames and leave-one-out stacks, from the archives."
    assert learnt.data.split.test == {"--03", "--09"}
