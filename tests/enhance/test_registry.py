"""Which weights are installed, and whether they are the card's."""

from pathlib import Path

import numpy as np
import pytest
from networks import KINDS, write_network

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
