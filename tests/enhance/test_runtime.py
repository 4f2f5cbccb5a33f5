"""Every way in which a network can fail: named clearly, and none the end of a cycle."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import networks
import numpy as np
import pytest
from networks import write_network
from numpy.typing import NDArray
from prometheus_client import REGISTRY

from pipeline.core import BadFile
from pipeline.enhance import attempts, providers, registry
from pipeline.enhance.providers import Absent, Ep
from pipeline.enhance.registry import BadNetwork, Network
from pipeline.enhance.runtime import Engine, Runtime, verify
from pipeline.enhance.sessions import Device

X = np.random.default_rng(4).normal(size=(2, 64, 96)).astype(np.float32)
STRONG = 9.0  # in units of 100 G; golden inputs stay below 5


def opened(folder: Path, cache: Path | None = None) -> Engine:
    return Runtime(("cpu",), cache).open(registry.read(folder))


def rewritten(folder: Path, name: str, content: bytes) -> Network:
    """The network with another file in the place of *name*, and a card that knows of it."""
    (folder / name).write_bytes(content)
    card = json.loads((folder / "card.json").read_text())
    card["files"][name] = hashlib.sha256(content).hexdigest()
    (folder / "card.json").write_text(json.dumps(card))
    return registry.read(folder)


def failures(network: str, provider: str) -> float:
    labels = {"network": network, "provider": provider}
    return REGISTRY.get_sample_value("allsun_inference_failures_total", labels) or 0.0


class TestAnswers:
    def test_are_those_of_the_graph(self, tmp_path: Path) -> None:
        engine = opened(write_network(tmp_path, "identity", factor=2))
        answer = engine.infer(X)
        np.testing.assert_array_equal(answer.mean[0], X[0].repeat(2, axis=0).repeat(2, axis=1))
        assert answer.log_variance is answer.samples is None
        assert (engine.provider, engine.notes) == ("cpu fp32", ())
        assert engine.parity.largest < 1e-3

    def test_come_with_their_variance(self, tmp_path: Path) -> None:
        answer = opened(write_network(tmp_path, "log_variance", value=-3.0)).infer(X)
        np.testing.assert_array_equal(answer.log_variance, np.full((1, 64, 96), -3.0))

    def test_come_as_samples(self, tmp_path: Path) -> None:
        answer = opened(write_network(tmp_path, "samples", offsets=(-2.0, 0.0, 1.0))).infer(X)
        assert answer.samples is not None
        assert answer.samples.shape == (1, 3, 64, 96)
        np.testing.assert_array_equal(answer.samples[0, 2], X[0] + 1.0)

    def test_come_from_every_member(self, tmp_path: Path) -> None:
        members = [{"radius": 1}, {"radius": 3}]
        answer = opened(write_network(tmp_path, "box", members=members)).infer(X)
        assert answer.mean.shape == (2, 64, 96)
        assert answer.mean[0].std() > answer.mean[1].std()

    def test_do_not_depend_on_what_was_asked_before(self, tmp_path: Path) -> None:
        engine = opened(write_network(tmp_path, "unet"))
        first = engine.infer(X).mean
        engine.infer(X[:, :32])
        np.testing.assert_array_equal(engine.infer(X).mean, first)


class TestFiles:
    """What disagrees with the card is refused before anything runs."""

    def test_a_flipped_bit_in_the_weights(self, tmp_path: Path) -> None:
        folder = write_network(tmp_path, "unet")
        content = bytearray((folder / "model.onnx").read_bytes())
        content[len(content) // 2] ^= 1
        (folder / "model.onnx").write_bytes(content)
        with pytest.raises(BadNetwork, match=r"unet/1/model\.onnx: its SHA-256 begins with"):
            opened(folder)

    def test_a_graph_that_is_no_onnx(self, tmp_path: Path) -> None:
        network = rewritten(write_network(tmp_path, "blur"), "model.onnx", b"\x08\x07garbage")
        with pytest.raises(BadNetwork, match=r"model\.onnx: it is not a valid ONNX graph \("):
            verify(network)

    def test_a_graph_with_other_channels_than_the_card(self, tmp_path: Path) -> None:
        folder = write_network(tmp_path, "blur")
        other = networks.blur().model(channels=3).SerializeToString()
        with pytest.raises(BadNetwork, match=r"takes x \[1, 3, 'H', 'W'\], .* x \[1, 2, H, W\]"):
            verify(rewritten(folder, "model.onnx", other))

    def test_a_graph_without_the_uncertainty_on_the_card(self, tmp_path: Path) -> None:
        folder = write_network(tmp_path, "log_variance")
        other = networks.identity().model().SerializeToString()
        with pytest.raises(BadNetwork, match="it gives mean, not log_variance"):
            verify(rewritten(folder, "model.onnx", other))

    def test_a_wrong_golden_output(self, tmp_path: Path) -> None:
        folder = write_network(tmp_path, "blur")
        golden = registry.read(folder).golden()
        wrong = dict(golden) | {"mean": golden["mean"] + np.float32(0.03)}  # 3 G
        np.savez(folder / "golden.npz", **wrong)  # type: ignore[arg-type]
        network = rewritten(folder, "golden.npz", (folder / "golden.npz").read_bytes())
        with pytest.raises(BadNetwork, match=r"cpu fp32: .* golden input is off: .*largest 3 G"):
            verify(network)

    def test_a_golden_output_of_another_shape(self, tmp_path: Path) -> None:
        folder = write_network(tmp_path, "blur")
        golden = registry.read(folder).golden()
        np.savez(folder / "golden.npz", x=golden["x"], mean=golden["mean"][..., :32])
        network = rewritten(folder, "golden.npz", (folder / "golden.npz").read_bytes())
        with pytest.raises(
            BadNetwork, match=r"golden\.npz: mean has the shape \(1, 1, 1, 64, 32\)"
        ):
            verify(network)

    def test_a_sound_network_passes(self, tmp_path: Path) -> None:
        assert verify(registry.read(write_network(tmp_path, "unet"))).largest < 1e-3


class TestInputs:
    def test_with_too_few_channels_are_refused_and_the_next_is_served(self, tmp_path: Path) -> None:
        engine = opened(write_network(tmp_path, "unet"))
        with pytest.raises(BadFile, match=r"unet/1: it takes the channels field, mask, .*\(1, 64,"):
            engine.infer(X[:1])
        assert engine.infer(X).mean.shape == (1, 64, 96)

    def test_that_do_not_fit_the_stride_are_refused(self, tmp_path: Path) -> None:
        engine = opened(write_network(tmp_path, "unet", depth=3))
        with pytest.raises(BadNetwork, match="give 2 planes whose sides are multiples of 8"):
            engine.infer(X[:, :60])


class TestProviders:
    """The next one takes over, says so, and is counted."""

    def test_an_absent_library(self, tmp_path: Path) -> None:
        absent = [name for name in ("tensorrt", "cuda") if name not in providers.present()]
        if not absent:
            pytest.skip("every provider is present")
        before = failures("blur/1", f"{absent[0]} fp32")
        order: tuple[Any, ...] = (*absent, "cpu")
        engine = Runtime(order).open(registry.read(write_network(tmp_path, "blur")))
        assert engine.provider == "cpu fp32"
        assert [note.split(":")[0] for note in engine.notes] == [f"{name} fp32" for name in absent]
        assert failures("blur/1", f"{absent[0]} fp32") == before + 1
        assert engine.infer(X).mean.shape == (1, 64, 96)

    def test_a_network_that_returns_nan(self, tmp_path: Path) -> None:
        engine = opened(write_network(tmp_path, "nan"))
        with pytest.raises(BadNetwork, match=r"nan/1: .*cpu fp32: .* not numbers"):
            engine.infer(np.full_like(X, STRONG))
        assert engine.infer(X).mean.shape == (1, 64, 96)  # the next image is served

    def test_are_all_tried_again_when_the_network_is_opened_again(self, tmp_path: Path) -> None:
        network, runtime = registry.read(write_network(tmp_path, "nan")), Runtime(("cpu",))
        engine = runtime.open(network)
        assert runtime.open(network) is engine
        with pytest.raises(BadNetwork):
            engine.infer(np.full_like(X, STRONG))
        assert runtime.open(network) is not engine
        runtime.close()
        assert engine.infer(X).mean.shape == (1, 64, 96)  # loaded anew

    def test_parity_is_left_and_shown(self, tmp_path: Path) -> None:
        opened(write_network(tmp_path, "blur"), tmp_path / "cache")
        (left,) = (tmp_path / "cache" / "blur" / "1").glob("CPU-ort*/parity.json")
        assert json.loads(left.read_text())["provider"] == "cpu fp32"
        labels = {"network": "blur/1", "provider": "cpu fp32"}
        assert REGISTRY.get_sample_value("allsun_inference_provider", labels) == 1
        largest = labels | {"measure": "largest"}
        assert REGISTRY.get_sample_value("allsun_inference_parity", largest) < 1e-3

    def test_a_cache_that_refuses_costs_nothing_but_the_record(self, tmp_path: Path) -> None:
        (tmp_path / "cache").write_text("a file where a folder should be")
        assert opened(write_network(tmp_path, "blur"), tmp_path / "cache").provider == "cpu fp32"


def with_half(folder: Path, half: networks.Graph) -> Network:
    """The network with *half* as its graph for GPUs."""
    (folder / "half.onnx").write_bytes(half.model().SerializeToString())
    card = json.loads((folder / "card.json").read_text()) | {"half": ["half.onnx"]}
    (folder / "card.json").write_text(json.dumps(card))
    return rewritten(folder, "half.onnx", (folder / "half.onnx").read_bytes())


@pytest.fixture
def pretended(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Lets the processor play a GPU of the execution provider and library version given."""

    def pretend(name: str, ep: Ep, version: str = "") -> None:
        def found(asked: str) -> Ep:
            if asked not in (name, "cpu"):
                raise Absent("it is not played here")
            return ep if asked == name else Ep.CPU

        real = providers.session
        monkeypatch.setattr(providers, "execution_provider", found)
        monkeypatch.setattr(providers, "capability", lambda: "90")
        monkeypatch.setattr(providers, "version", lambda ep: version if ep is not Ep.CPU else "")
        monkeypatch.setattr(providers, "session", lambda model, _, told: real(model, Ep.CPU, {}))
        monkeypatch.setattr(attempts, "Device", lambda session: Device(session, "cpu"))

    return pretend


class TestFallback:
    """On a GPU played by the processor."""

    def test_from_half_precision_that_is_off_to_full(
        self, tmp_path: Path, pretended: Callable[..., None]
    ) -> None:
        pretended("cuda", Ep.CUDA)
        network = with_half(write_network(tmp_path, "blur", radius=3), networks.blur(radius=2))
        engine = Runtime(("cuda", "cpu")).open(network)
        assert engine.provider == "cuda fp32"
        assert len(engine.notes) == 1
        assert "cuda fp16: its answer to the golden input is off: " in engine.notes[0]

    def test_in_the_midst_of_an_image(self, tmp_path: Path, pretended: Callable[..., None]) -> None:
        pretended("cuda", Ep.CUDA)
        network = with_half(write_network(tmp_path, "identity"), networks.nan())
        runtime = Runtime(("cuda", "cpu"))
        engine, before = runtime.open(network), failures("identity/1", "cuda fp16")
        assert (engine.provider, engine.notes) == ("cuda fp16", ())
        strong = np.full_like(X, STRONG)
        np.testing.assert_array_equal(engine.infer(strong).mean[0], strong[0])
        assert engine.provider == "cuda fp32"
        assert engine.notes == ("cuda fp16: it answered with values that are not numbers",)
        assert failures("identity/1", "cuda fp16") == before + 1
        assert runtime.open(network).provider == "cuda fp16"  # the next image begins anew

    def test_to_nothing_never_serves_what_the_gate_refused(
        self, tmp_path: Path, pretended: Callable[..., None]
    ) -> None:
        pretended("cuda", Ep.CUDA)
        network = with_half(write_network(tmp_path, "identity"), networks.nan())
        wrong = networks.blur().model().SerializeToString()
        engine = Runtime(("cuda",)).open(rewritten(network.folder, "model.onnx", wrong))
        with pytest.raises(BadNetwork, match=r"cuda fp16: .* not numbers; cuda fp32: .* is off"):
            engine.infer(np.full_like(X, STRONG))
        np.testing.assert_array_equal(engine.infer(X).mean[0], X[0])

    def test_when_no_engine_was_built(self, tmp_path: Path, pretended: Callable[..., None]) -> None:
        pretended("tensorrt", Ep.TENSORRT, "10.16.1")
        network = registry.read(write_network(tmp_path, "blur"))
        engine = Runtime(("tensorrt", "cpu"), tmp_path / "cache").open(network)
        assert engine.provider == "cpu fp32"
        assert "no engine is built for it here; run `allsun models build`" in engine.notes[0]


class TestBuilding:
    """With TensorRT played by the processor."""

    def test_an_engine_serves_once_built(
        self, tmp_path: Path, pretended: Callable[..., None]
    ) -> None:
        pretended("tensorrt", Ep.TENSORRT, "10.16.1")
        network = registry.read(write_network(tmp_path, "blur"))
        runtime = Runtime(("tensorrt", "cpu"), tmp_path / "cache")
        assert runtime.build(network) == {"tensorrt fp32": "built"}
        assert runtime.build(network) == {"tensorrt fp32": "built before"}
        assert runtime.open(network).provider == "tensorrt fp32"

    def test_an_engine_from_another_version_is_not_used_and_goes_when_the_new_one_is_built(
        self, tmp_path: Path, pretended: Callable[..., None]
    ) -> None:
        network, home = registry.read(write_network(tmp_path, "blur")), tmp_path / "cache/blur/1"
        pretended("tensorrt", Ep.TENSORRT, "10.15.1")
        Runtime(("tensorrt",), tmp_path / "cache").build(network)
        (old,) = home.iterdir()
        pretended("tensorrt", Ep.TENSORRT, "10.16.1")
        runtime = Runtime(("tensorrt", "cpu"), tmp_path / "cache")
        assert "no engine is built for it here" in runtime.open(network).notes[0]
        assert old.is_dir()
        runtime.close()
        assert runtime.build(network) == {"tensorrt fp32": "built"}
        assert not old.exists()
        assert runtime.open(network).provider == "tensorrt fp32"

    def test_an_engine_that_answers_wrongly_is_not_kept(
        self, tmp_path: Path, pretended: Callable[..., None]
    ) -> None:
        pretended("tensorrt", Ep.TENSORRT, "10.16.1")
        network = with_half(write_network(tmp_path, "blur", radius=3), networks.blur(radius=2))
        runtime = Runtime(("tensorrt",), tmp_path / "cache")
        verdicts = runtime.build(network)
        assert "golden input is off" in verdicts["tensorrt fp16"]
        assert verdicts["tensorrt fp32"] == "built"
        assert len(list((tmp_path / "cache/blur/1").iterdir())) == 1
        assert runtime.open(network).provider == "tensorrt fp32"

    def test_an_image_beyond_what_the_engine_was_built_for_goes_to_the_next(
        self, tmp_path: Path, pretended: Callable[..., None]
    ) -> None:
        pretended("tensorrt", Ep.TENSORRT, "10.16.1")
        grid = {"pixel_scale": (30.0, 30.0)}  # 72 px across
        network = registry.read(write_network(tmp_path, "blur", grid=grid))
        runtime = Runtime(("tensorrt", "cpu"), tmp_path / "cache")
        runtime.build(network)
        engine = runtime.open(network)
        assert engine.infer(X).mean.shape == (1, 64, 96)
        assert engine.provider == "cpu fp32"
        assert "its engine takes 1 to 72 pixels a side, not (64, 96)" in engine.notes[0]


def test_what_is_no_failure_of_a_provider_is_not_hidden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = opened(write_network(tmp_path, "blur"))

    def broken(*_: Any) -> NDArray[np.float32]:
        raise NameError("a defect of this program")

    monkeypatch.setattr(attempts, "run", broken)
    with pytest.raises(NameError):
        engine.infer(X)
