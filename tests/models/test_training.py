"""Training: it learns, it stops, and it goes on as if it had not stopped."""

from __future__ import annotations

import csv
import math
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")

from learning import draw, read_weights, recipe  # noqa: E402

from models import checkpoints  # noqa: E402
from models.batches import held_out, placed  # noqa: E402
from models.training import Diverged, rate, train  # noqa: E402
from models.validation import calibrate, validate  # noqa: E402
from pipeline.core import BadFile, BadRequest  # noqa: E402

HARD = {
    "network": {"dropout": 0.2},
    "losses": {"adversarial": 0.01, "features": 0.01},
    "training": {"optimiser": "muon", "weight_decay": 0.01},
}


def state(folder: Path) -> dict[str, Any]:
    """All of a checkpoint that must not depend on when a training was stopped."""
    saved: dict[str, Any] = torch.load(folder / checkpoints.LAST, weights_only=True)
    del saved["seconds"]
    for row in saved["curves"]:
        del row["seconds"]
    return saved


def assert_same(one: object, other: object) -> None:
    """Bit for bit."""
    if isinstance(one, torch.Tensor):
        assert torch.equal(one, other)
    elif isinstance(one, dict):
        assert one.keys() == other.keys()
        for key in one:
            assert_same(one[key], other[key])
    elif isinstance(one, list | tuple):
        for first, second in zip(one, other, strict=True):
            assert_same(first, second)
    else:
        assert one == other


@pytest.mark.parametrize("sections", [{}, HARD], ids=["plain", "adversarial"])
def test_a_stopped_training_goes_on_bit_for_bit(tmp_path: Path, sections: dict[str, Any]) -> None:
    wanted = recipe(**sections)
    train(wanted, draw, draw, tmp_path / "whole")

    def pulled(count: int, seed: int, step: int) -> SimpleNamespace:
        if step == 4:
            raise KeyboardInterrupt
        return draw(count, seed, step)

    with pytest.raises(KeyboardInterrupt):  # past the checkpoint of step 3
        train(wanted, pulled, draw, tmp_path / "parts")
    train(wanted, draw, draw, tmp_path / "parts")
    assert state(tmp_path / "parts")["step"] == 6
    assert_same(state(tmp_path / "whole"), state(tmp_path / "parts"))


def test_a_training_can_be_halved(tmp_path: Path) -> None:
    wanted = recipe()
    train(wanted, draw, draw, tmp_path / "whole")
    train(wanted, draw, draw, tmp_path / "parts", until=3)
    assert state(tmp_path / "parts")["step"] == 3
    train(wanted, draw, draw, tmp_path / "parts")
    assert_same(state(tmp_path / "whole"), state(tmp_path / "parts"))


def test_time_ends_a_training_at_a_checkpoint(tmp_path: Path) -> None:
    train(recipe(), draw, draw, tmp_path, minutes=0)
    assert state(tmp_path)["step"] == 3


def test_it_learns_and_leaves_its_records(tmp_path: Path) -> None:
    wanted = recipe(training={"steps": 160, "every": 80, "rate": 0.02, "ema": 0.9})
    best = train(wanted, draw, draw, tmp_path)
    with (tmp_path / "curves.csv").open(newline="") as file:
        rows = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]
    assert [row["step"] for row in rows] == [80, 160]
    x, target, valid = held_out(wanted, draw)[0]
    noise = 100 * float((((x[:, :1] - target) * valid).square().sum() / valid.sum()).sqrt())
    assert rows[-1]["rmse"] < 0.7 * noise
    assert (tmp_path / "pictures" / "0000160.png").stat().st_size > 1000
    assert len(list(tmp_path.glob("events.out.tfevents.*"))) == 1

    read, net = checkpoints.trained(best)
    assert read == wanted
    scores, images = validate(wanted, net, held_out(wanted, draw), torch.device("cpu"))
    assert scores["validation"] == pytest.approx(min(row["validation"] for row in rows))
    assert set(images) == {"input", "estimate", "target", "error", "sigma"}


class Honest(torch.nn.Module):
    """Errs by so much at every pixel, and says so."""

    def __init__(self, error: float) -> None:
        super().__init__()
        self._error = error

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        field = x[:, :1]
        return field + self._error, torch.full_like(field, 2.0 * math.log(self._error))


@pytest.mark.parametrize("beta", [0.0, 0.5, 1.0])
def test_of_two_that_know_their_errors_the_one_that_errs_less_is_kept(beta: float) -> None:
    wanted = recipe(losses={"l1": 0.0, "likelihood": 1.0, "likelihood_beta": beta})
    x = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    batches = [(x, x[:, :1], torch.ones_like(x[:, :1]))]
    better, worse = (
        validate(wanted, Honest(error), batches, torch.device("cpu"))[0] for error in (0.01, 0.05)
    )
    assert better["validation"] < worse["validation"]


def test_without_memory_the_average_is_the_newest_weights(tmp_path: Path) -> None:
    train(recipe(training={"ema": 0.0}), draw, draw, tmp_path)
    newest, averaged = (read_weights(tmp_path / "last.pt", key) for key in ("net", "average"))
    assert_same(newest, averaged)


def test_weights_can_begin_another_training(tmp_path: Path) -> None:
    best = train(recipe(), draw, draw, tmp_path / "first")
    begun = checkpoints.begin(recipe(training={"steps": 9}), torch.device("cpu"), best)
    assert_same(begun.net.state_dict(), read_weights(best, "average"))
    with pytest.raises(BadFile, match="not of this network"):
        checkpoints.begin(recipe(network={"width": 8}), torch.device("cpu"), best)


def test_seeds_make_members_of_an_ensemble(tmp_path: Path) -> None:
    for seed in (0, 1):
        train(recipe().model_copy(update={"seed": seed}), draw, draw, tmp_path / str(seed))
    one, other = (read_weights(tmp_path / str(seed) / "last.pt", "net") for seed in (0, 1))
    assert not torch.equal(one["trunk.first.weight"], other["trunk.first.weight"])


def test_the_rate_rises_in_a_line_and_falls_along_a_cosine() -> None:
    wanted = recipe(training={"rate": 0.2, "warm_up": 10, "steps": 110})
    assert [rate(wanted, step) for step in (0, 4, 9)] == pytest.approx([0.02, 0.1, 0.2])
    assert rate(wanted, 60) == pytest.approx(0.1)
    assert rate(wanted, 110) == pytest.approx(0, abs=1e-12)


def test_what_cannot_be_trained_is_answered(tmp_path: Path) -> None:
    train(recipe(), draw, draw, tmp_path / "small")
    with pytest.raises(BadRequest, match="another recipe"):
        train(recipe(training={"rate": 0.5}), draw, draw, tmp_path / "small")
    (tmp_path / "small" / checkpoints.LAST).write_bytes(b"nonsense")
    with pytest.raises(BadFile, match="no checkpoint"):
        train(recipe(), draw, draw, tmp_path / "small")

    def broken(count: int, seed: int, step: int) -> SimpleNamespace:
        batch = draw(count, seed, step)
        batch.x[0, 0, 0, 0] = math.nan
        return batch

    with pytest.raises(Diverged, match=r"lower training\.rate"):
        train(recipe(), broken, draw, tmp_path / "broken")
    assert not (tmp_path / "broken" / checkpoints.LAST).exists()


def test_the_scale_of_sigma_makes_errors_as_large_as_stated() -> None:
    class Stating(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> SimpleNamespace:
            return SimpleNamespace(
                mean=x[:, :1], log_variance=torch.full_like(x[:, :1], 2 * math.log(0.2))
            )

    batches = held_out(recipe(data={"batch": 64}), draw)
    x, target, valid = placed(batches[0], torch.device("cpu"))
    real = math.sqrt(float(((x[:, :1] - target) * valid).square().sum() / valid.sum()))
    # Two members that agree say no more than one.
    for members in ([Stating()], [Stating()] * 2):
        found = calibrate(recipe(), members, batches)
        assert found.sigma_scale == pytest.approx(real / 0.2, rel=1e-4)


@pytest.mark.parametrize("length", [1, 2, 4])
def test_the_length_of_errors_is_that_over_which_they_repeat(length: int) -> None:
    class Zero(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> SimpleNamespace:
            return SimpleNamespace(mean=torch.zeros_like(x), log_variance=torch.zeros_like(x))

    rng = torch.Generator().manual_seed(1)
    errors = torch.randn(64, 1, 96 // length, 96 // length, generator=rng)
    target = errors.repeat_interleave(length, 2).repeat_interleave(length, 3)
    batches = [(torch.zeros_like(target), target, torch.ones_like(target))]
    # 64·36 means over blocks tell their variance to 3 %, the length to half of that.
    found = calibrate(recipe(data={"patch": 96}), [Zero()], batches).error_length
    assert found == pytest.approx(length, rel=0.05)


TORCHRUN = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
TWO = """
import sys
from pathlib import Path
from learning import draw, recipe
from models.training import train
train(recipe(), draw, draw, Path(sys.argv[1]))
"""


def test_two_processes_train_one_network(tmp_path: Path) -> None:
    """Each draws half of the batch: the same as one process that draws both halves."""
    script = tmp_path / "two.py"
    script.write_text(TWO)
    here = Path(__file__).parent
    paths = os.pathsep.join((str(here.parents[1]), str(here)))
    run = subprocess.run(
        [sys.executable, *TORCHRUN, script, tmp_path / "two"],
        env=os.environ | {"PYTHONPATH": paths, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr

    def both(count: int, seed: int, step: int) -> SimpleNamespace:
        halves = [draw(count // 2, seed, 2 * step + rank) for rank in (0, 1)]
        names = ("x", "target", "weight")
        return SimpleNamespace(
            **{name: np.concatenate([getattr(h, name) for h in halves]) for name in names}
        )

    train(recipe(), both, draw, tmp_path / "one")
    one, two = (read_weights(tmp_path / name / "last.pt", "net") for name in ("one", "two"))
    for name, values in one.items():
        torch.testing.assert_close(two[name], values, rtol=1e-3, atol=1e-5)
