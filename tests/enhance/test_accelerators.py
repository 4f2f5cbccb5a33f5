"""The same networks on an NVIDIA GPU: collected everywhere, run where there is one.

``pytest tests/enhance/test_accelerators.py -rs`` tells which provider was exercised, and
why another was not.
"""

from pathlib import Path

import numpy as np
import pytest
from networks import KINDS, write_network

from pipeline.enhance import Runtime, compute, providers, registry
from pipeline.enhance.attempts import LONGEST
from pipeline.enhance.parity import BOUNDS
from pipeline.enhance.providers import Absent

X = np.random.default_rng(5).normal(size=(2, 256, 192)).astype(np.float32)
UNIT = 100.0  # gauss


@pytest.fixture(params=["tensorrt", "cuda"])
def name(request: pytest.FixtureRequest) -> providers.Name:
    wanted: providers.Name = request.param
    try:
        providers.execution_provider(wanted)
    except Absent as why:
        pytest.skip(f"{wanted} was not exercised: {why}")
    return wanted


def served(name: providers.Name, folder: Path, cache: Path) -> tuple[Runtime, registry.Network]:
    """A runtime of that provider alone, with the network's engine built."""
    runtime, network = Runtime((name,), cache), registry.read(folder)
    for attempt, verdict in runtime.build(network).items():
        assert verdict == "built", f"{attempt}: {verdict[:LONGEST]}"
    return runtime, network


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"nan"}))
def test_it_answers_as_the_processor_does(kind: str, name: providers.Name, tmp_path: Path) -> None:
    runtime, network = served(name, write_network(tmp_path, kind), tmp_path / "cache")
    with runtime, Runtime(("cpu",)) as reference:
        engine = runtime.open(network)
        assert (engine.provider, engine.notes) == (f"{name} fp32", ())
        assert not engine.parity.beyond(BOUNDS)
        here, there = engine.infer(X), reference.open(network).infer(X)
    for key in ("mean", "log_variance", "samples"):
        one, other = getattr(here, key), getattr(there, key)
        assert (one is None) == (other is None)
        if one is not None:
            assert UNIT * np.abs(one - other).max() <= BOUNDS.largest


def test_tiles_of_changing_shape_use_the_right_buffers(
    name: providers.Name, tmp_path: Path
) -> None:
    folder = write_network(tmp_path, "unet", depth=2)
    runtime, network = served(name, folder, tmp_path / "cache")
    mask = np.ones(X.shape[1:], bool)
    with runtime:
        engine = runtime.open(network)
        whole, _ = compute(X, mask, engine)
        tiled, _ = compute(X, mask, engine, 64)
    assert UNIT * np.abs(whole - tiled).max() <= BOUNDS.largest


def test_one_shape_is_captured_as_a_graph_and_replayed_with_new_data(
    name: providers.Name, tmp_path: Path
) -> None:
    grid = {"radius": 25.0, "side": 64}  # that of the golden input
    folder = write_network(tmp_path, "unet", depth=2, grid=grid)
    runtime, network = served(name, folder, tmp_path / "cache")
    with runtime, Runtime(("cpu",)) as reference:
        engine, processor = runtime.open(network), reference.open(network)
        for strength in (0.5, 1.0, 2.0):
            x = strength * X[:, :64, :64]
            found = engine.infer(x).mean - processor.infer(x).mean
            assert UNIT * np.abs(found).max() <= BOUNDS.largest
    assert engine.notes == ()


def test_values_that_are_no_numbers_are_noticed(name: providers.Name, tmp_path: Path) -> None:
    runtime, network = served(name, write_network(tmp_path, "nan"), tmp_path / "cache")
    with runtime, pytest.raises(registry.BadNetwork, match="not numbers"):
        runtime.open(network).infer(np.full_like(X, 9.0))


def test_an_engine_is_found_again_and_not_built_again(name: providers.Name, tmp_path: Path) -> None:
    if name != "tensorrt":
        pytest.skip(f"{name} builds no engines")
    runtime, network = served(name, write_network(tmp_path, "unet"), tmp_path / "cache")
    runtime.close()
    files = {path: path.stat().st_mtime_ns for path in (tmp_path / "cache").rglob("*.engine")}
    again = Runtime((name,), tmp_path / "cache")
    assert again.build(network) == {"tensorrt fp32": "built before"}
    assert again.open(network).provider == "tensorrt fp32"
    assert {path: path.stat().st_mtime_ns for path in files} == files
