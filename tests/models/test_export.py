"""Trained weights as the pipeline runs them, through the workshop's own commands."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from typer.testing import CliRunner

torch = pytest.importorskip("torch", reason="torch is not installed")

from learning import SMALL, draw, recipe  # noqa: E402

from models import checkpoints, cli  # noqa: E402
from models import export as exporting  # noqa: E402
from models.data import HeldOut, Scene, shards  # noqa: E402
from models.nets import TRUNKS  # noqa: E402
from models.nets.unet import UNet  # noqa: E402
from models.recipe import Recipe  # noqa: E402
from models.training import train  # noqa: E402
from models.validation import Calibration  # noqa: E402
from pipeline.core import BadRequest  # noqa: E402
from pipeline.enhance import registry, verify  # noqa: E402
from pipeline.enhance.card import Metric, read_card  # noqa: E402

SCALE = 100.0


def run(*words: object) -> dict[str, Any]:
    """What a command of the workshop says to programs."""
    result = CliRunner().invoke(cli.app, [*map(str, words), "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.stderr
    said: dict[str, Any] = json.loads(result.stdout)
    return said


def scenes(region: str) -> list[Scene]:
    rng = np.random.default_rng(0)
    field = rng.normal(0, 300, (40, 40)).astype(np.float32)
    radius = np.zeros_like(field)
    return [Scene(field, radius, 0.5, region, datetime(2014, 1, 1, tzinfo=UTC))]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two trainings of one recipe, and the ensemble that they became."""
    home = tmp_path_factory.mktemp("workshop")
    items = [shards.Item(name, partial(scenes, name)) for name in ("sharp-1", "sharp-9")]
    held_out = HeldOut(frozenset({"sharp-9"}), frozenset())
    shards.write(home / "set", "set", "0", items, held_out)
    file = home / "small.toml"
    file.write_text(_toml(SMALL | {"data": SMALL["data"] | {"split": {"validation": ["sharp-9"]}}}))
    trainings = [home / "0", home / "1"]
    for seed, out in enumerate(trainings):
        run("train", file, "--from", home / "set", "--out", out, "--seed", seed)
    run("export", *trainings, "--from", home / "set", "--out", home / "weights")
    return home, home / "weights" / "small" / "1"


def test_the_pipeline_takes_it(exported: tuple[Path, Path]) -> None:
    home, folder = exported
    network = registry.find(home / "weights", "small")
    card = network.card
    assert card.members == ("model.onnx", "model-2.onnx")
    assert card.half == ("model.fp16.onnx", "model-2.fp16.onnx")
    assert {file.name for file in folder.iterdir()} == {*card.files, "card.json"}
    assert (card.stride, card.receptive_field) == (2, 14)
    assert verify(network).largest == 0
    golden = network.golden()
    assert golden["x"].shape == (1, 2, 8, 16)
    assert golden["mean"].shape == golden["log_variance"].shape == (2, 1, 1, 8, 16)
    assert [path.name for path in (home / "weights" / "small").iterdir()] == ["1"]


@pytest.mark.parametrize("member", [0, 1])
def test_graphs_answer_as_torch_does_at_any_size(exported: tuple[Path, Path], member: int) -> None:
    home, folder = exported
    name = read_card(folder).members[member]
    _, net = checkpoints.trained(home / str(member) / "best.pt")
    for height, width in ((2, 2), (6, 34), (64, 32)):
        x = torch.randn(1, 2, height, width) * 10  # up to some 4 kG
        with torch.no_grad():
            mean, log_variance = net(x)
        graph = exporting.answer(folder / name, x.numpy())
        assert np.abs(graph["mean"] - mean.numpy()).max() * SCALE < exporting.CLOSE
        sigma = np.exp(0.5 * log_variance.numpy())
        assert np.abs(np.exp(0.5 * graph["log_variance"]) - sigma).max() * SCALE < exporting.CLOSE


def test_float16_stays_inside(exported: tuple[Path, Path]) -> None:
    model = onnx.load(exported[1] / "model.fp16.onnx")
    kinds = {i.name: i.data_type for i in model.graph.initializer}
    ends = [*model.graph.input, *model.graph.output]
    assert {end.type.tensor_type.elem_type for end in ends} == {onnx.TensorProto.FLOAT}
    convolutions = [node for node in model.graph.node if node.op_type == "Conv"]
    assert {kinds[node.input[1]] for node in convolutions} == {onnx.TensorProto.FLOAT16}
    # One way in, one way out: the sum with the field is not in float16.
    assert Counter(node.op_type for node in model.graph.node)["Cast"] == 2
    x = np.full((1, 2, 4, 4), 30.003, np.float32)  # float16 has 30.0 and 30.016
    full, half = (exporting.answer(exported[1] / f"model{kind}.onnx", x) for kind in ("", ".fp16"))
    assert np.abs(full["mean"] - half["mean"]).max() < 1e-3


def test_files_tell_nothing_of_the_machine(exported: tuple[Path, Path]) -> None:
    for file in exported[1].iterdir():
        content = file.read_bytes()
        for secret in (str(Path.cwd()), str(Path.home()), "site-packages", "models/nets"):
            assert secret.encode() not in content, file.name


def test_a_version_is_never_replaced(exported: tuple[Path, Path]) -> None:
    home, _ = exported
    members = [home / "0" / "best.pt"]
    x, fitted = exporting.calibrated(members, draw)
    with pytest.raises(BadRequest, match="this version exists"):
        exporting.export(members, x, home / "weights", fitted)


def test_numbers_of_an_evaluation_end_in_the_card(exported: tuple[Path, Path]) -> None:
    _, folder = exported
    number = Metric(name="rmse", value=3.0, unit="G", test_set="random numbers")
    exporting.add_metrics(folder, [number])
    assert read_card(folder).metrics == (number,)


def test_members_are_of_one_recipe(exported: tuple[Path, Path], tmp_path: Path) -> None:
    other = train(recipe(training={"rate": 0.01}), draw, draw, tmp_path / "other")
    with pytest.raises(BadRequest, match="of another recipe"):
        exporting.calibrated([exported[0] / "0" / "best.pt", other], draw)


class TwoFaced(UNet):
    """Says something else to the exporter."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        answer = super().forward(x)
        return answer + 1e-4 if torch.onnx.is_in_onnx_export() else answer


def test_nothing_ships_that_differs_from_torch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(TRUNKS, "two-faced", TwoFaced)
    wanted = recipe(
        network={"kind": "two-faced"}, output={"uncertainty": "none"}, losses={"likelihood": 0}
    )
    best = train(wanted, draw, draw, tmp_path / "run")
    x, fitted = exporting.calibrated([best], draw)
    with pytest.raises(exporting.NotTheSame, match=r"0\.01 G from torch"):
        exporting.export([best], x, tmp_path / "weights", fitted)
    assert list((tmp_path / "weights" / "small").iterdir()) == []


class Through(torch.nn.Module):
    """The field itself, through the trunk."""

    outputs = factor = stride = 1
    receptive_field = 0

    def __init__(self, channels: int, *_: int) -> None:
        super().__init__()
        self.mix = torch.nn.Conv2d(channels, 1, 1, bias=False)
        with torch.no_grad():
            self.mix.weight.copy_(torch.eye(1, channels)[..., None, None])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.mix(x)


def test_float16_stays_away_where_it_loses_too_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between 32 and 64 units float16 has steps of 1/32: 40.0117 becomes 40."""
    monkeypatch.setitem(TRUNKS, "through", Through)
    field, mask = SMALL["inputs"]
    wanted = Recipe.model_validate(
        SMALL
        | {"inputs": [field | {"scale": 400.0}, mask]}
        | {"output": {"scale": 400.0}, "losses": {"mse": 1.0}}
        | {"network": {"kind": "through", "base": 0.0}}
    )
    checkpoints.save_best(wanted, checkpoints.begin(wanted, torch.device("cpu"), None), tmp_path)
    x = np.full((1, 2, 4, 6), 40.0117, np.float32)
    found = exporting.export([tmp_path / "best.pt"], x, tmp_path / "weights", Calibration())
    assert f"largest {0.0117 * 400:.3g} G" in found.half
    assert read_card(found.folder).half == ()
    assert not list(found.folder.glob("*.fp16.onnx"))


def test_commands_answer_mistakes_in_a_sentence(tmp_path: Path) -> None:
    for words, said in (
        (("train", "hmi-denoiser"), "no recipe 'hmi-denoiser'"),
        (("export", tmp_path), "no checkpoint"),
        (("dataset", "nothing", "--out", tmp_path), "no data set 'nothing'"),
        (("evaluate", "small"), "--archive"),
    ):
        result = CliRunner().invoke(cli.app, [*map(str, words), "--data", str(tmp_path)])
        assert result.exit_code == 1
        assert said in result.stderr


def _toml(values: dict[str, Any]) -> str:
    """*values* as TOML: JSON, but for the equals signs of tables within lists."""
    lines = [f"{k} = {_value(v)}" for k, v in values.items() if not isinstance(v, dict)]
    for name, section in values.items():
        if isinstance(section, dict):
            lines += [f"[{name}]", *(f"{k} = {_value(v)}" for k, v in section.items())]
    return "\n".join(lines)


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{k} = {_value(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    return json.dumps(value)
