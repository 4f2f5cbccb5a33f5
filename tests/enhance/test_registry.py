"""Which weights are installed, and whether they are the card's."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from networks import KINDS, blur, card_of, identity, write_files, write_network

from pipeline.core import BadRequest
from pipeline.enhance import registry
from pipeline.enhance.registry import BadNetwork


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_found_with_its_golden_answer(kind: str, tmp_path: Path) -> None:
    folder = write_network(tmp_path, kind)
    network = registry.find(tmp_path, kind.replace("_", "-"))
    assert network.folder == folder
    golden = network.golden()
    assert golden["mean"].shape[:3] == (1, 1, 1)
    assert np.isfinite(golden["mean"]).all()


def test_the_newest_version_is_the_greatest_number(tmp_path: Path) -> None:
    for version in ("9", "10", "10.1"):
        write_network(tmp_path, "identity", version=version)
    assert registry.find(tmp_path, "identity").card.version == "10.1"
    assert registry.find(tmp_path, "identity/9").card.version == "9"
    assert [n.card.version for n in registry.installed(tmp_path)] == ["9", "10", "10.1"]


def test_an_unknown_name_is_answered_with_the_nearest(tmp_path: Path) -> None:
    write_network(tmp_path, "identity")
    with pytest.raises(BadRequest, match=r"'identiti' .* did you mean 'identity'"):
        registry.find(tmp_path, "identiti")
    with pytest.raises(BadRequest, match="allsun models list"):
        registry.find(tmp_path / "nothing here", "identity")


def test_a_flipped_bit_is_named(tmp_path: Path) -> None:
    path = write_network(tmp_path, "blur") / "model.onnx"
    content = bytearray(path.read_bytes())
    content[-9] ^= 1
    path.write_bytes(content)
    network = registry.find(tmp_path, "blur")
    with pytest.raises(BadNetwork, match=r"model\.onnx: its SHA-256 .* card of blur/1"):
        network.content("model.onnx")


def test_missing_weights_are_named(tmp_path: Path) -> None:
    (write_network(tmp_path, "blur") / "model.onnx").unlink()
    with pytest.raises(BadNetwork, match=r"model\.onnx: it cannot be read \(No such file"):
        registry.find(tmp_path, "blur").content("model.onnx")


def test_a_golden_file_without_the_answer_is_named(tmp_path: Path) -> None:
    write_network(
        tmp_path,
        "identity",
        output={"quantity": "b_los", "uncertainty": "samples"},
    )
    with pytest.raises(BadNetwork, match=r"golden\.npz: .* mean, samples, x"):
        registry.find(tmp_path, "identity").golden()


def test_one_bad_card_does_not_hide_the_others(tmp_path: Path) -> None:
    write_network(tmp_path, "blur")
    write_network(tmp_path, "identity", receptive_field=-1)
    assert [n.card.name for n in registry.installed(tmp_path)] == ["blur"]
    (why,) = registry.refused(tmp_path)
    assert "identity/1/card.json: receptive_field: " in str(why)
    with pytest.raises(BadNetwork, match="receptive_field"):
        registry.find(tmp_path, "identity")


def test_a_folder_bears_the_name_on_its_card(tmp_path: Path) -> None:
    write_network(tmp_path, "identity").rename(tmp_path / "identity" / "2")
    with pytest.raises(BadNetwork, match="it is the card of identity/1; move the folder"):
        registry.find(tmp_path, "identity")


def test_the_digest_depends_on_the_weights_alone(tmp_path: Path) -> None:
    one = registry.read(write_network(tmp_path, "unet", seed=1))
    two = registry.read(write_network(tmp_path, "unet", seed=2, version="2"))
    same = registry.read(write_network(tmp_path, "unet", seed=1, version="3"))
    assert one.digest == same.digest != two.digest


@pytest.mark.parametrize(
    ("change", "clue"),
    [
        ({"output": {"quantity": "intensity"}}, "output.quantity"),
        ({"output": {"quantity": "b_los", "scale": float("inf")}}, "output.scale.* finite"),
        ({"grid": {"pixel_scale": [2.0, 1.0]}}, "begins with its smaller end"),
        ({"grid": {"side": 10**6, "radius": 4e5}}, "grid.side"),
        ({"inputs": [{"name": "a", "kind": "field"}, {"name": "a", "kind": "mask"}]}, "one name"),
    ],
)
def test_a_card_that_makes_no_sense_is_refused(
    change: dict[str, Any], clue: str, tmp_path: Path
) -> None:
    folder = write_network(tmp_path, "identity", **change)
    with pytest.raises(BadNetwork, match=rf"card\.json: .*{clue}"):
        registry.read(folder)


def with_golden(tmp_path: Path, content: bytes, **changes: Any) -> Path:
    model = identity().model().SerializeToString()
    files = {"model.onnx": model, "golden.npz": content}
    return write_files(tmp_path, card_of("identity", identity()) | changes, files)


def archive(write: Callable[[io.BytesIO], None]) -> bytes:
    file = io.BytesIO()
    write(file)
    return file.getvalue()


def a_petabyte(file: io.BytesIO) -> None:
    header = io.BytesIO()
    shape = {"descr": "<f4", "fortran_order": False, "shape": (1, 2, 10**7, 10**7)}
    np.lib.format.write_array_header_1_0(header, shape)
    with zipfile.ZipFile(file, "w") as members:
        for name in ("x", "mean"):
            members.writestr(f"{name}.npy", header.getvalue())


@pytest.mark.parametrize(
    "content",
    [b"", archive(lambda file: np.save(file, np.ones(3))), archive(a_petabyte)],
    ids=["empty", "one array", "a petabyte"],
)
def test_a_golden_file_of_any_content_is_no_accident(content: bytes, tmp_path: Path) -> None:
    network = registry.read(with_golden(tmp_path, content))
    with pytest.raises(BadNetwork, match=r"golden\.npz: it is not a golden answer"):
        network.golden()


@pytest.mark.parametrize(("side", "stride"), [(0, 1), (64, 7), (64, 10**6)])
def test_the_golden_input_is_one_that_the_network_takes(
    side: int, stride: int, tmp_path: Path
) -> None:
    x, mean = np.ones((1, 2, side, side), np.float32), np.ones((1, 1, 1, side, side), np.float32)
    content = archive(lambda file: np.savez(file, x=x, mean=mean))
    with pytest.raises(BadNetwork, match="no multiple of the stride"):
        registry.read(with_golden(tmp_path, content, stride=stride)).golden()


def test_one_sample_tells_no_error(tmp_path: Path) -> None:
    network = registry.read(write_network(tmp_path, "samples", offsets=[0.0]))
    with pytest.raises(BadNetwork, match="one sample has no scatter"):
        network.golden()


@pytest.mark.parametrize("place", ["/etc/passwd", "../../../../etc/passwd", "kernel.bin"])
def test_a_graph_reads_no_other_file(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even one that is there: no hash on the card would cover it."""
    monkeypatch.chdir(tmp_path)
    model = blur(3).model()
    (kernel,) = (each for each in model.graph.initializer if each.name == "kernel")
    Path("kernel.bin").write_bytes(kernel.raw_data)
    onnx.external_data_helper.set_external_data(kernel, place, 0, len(kernel.raw_data))
    kernel.ClearField("raw_data")
    files = {"model.onnx": model.SerializeToString(), "golden.npz": b""}
    network = registry.read(write_files(tmp_path / "w", card_of("blur", blur(3)), files))
    with pytest.raises(BadNetwork, match="it is not a valid ONNX graph"):
        registry.check(network)


def test_a_graph_speaks_float32(tmp_path: Path) -> None:
    model = identity().model()
    model.graph.node[-1].output[0] = "precise"
    model.graph.node.append(onnx.helper.make_node("Cast", ["precise"], ["mean"], to=11))
    model.graph.output[0].type.tensor_type.elem_type = 11
    files = {"model.onnx": model.SerializeToString(), "golden.npz": b""}
    network = registry.read(write_files(tmp_path, card_of("identity", identity()), files))
    with pytest.raises(BadNetwork, match="mean is DOUBLE, not float32"):
        registry.check(network)
