"""What a graph costs, by hand and by measurement."""

import subprocess
import sys
from pathlib import Path

import networks
import pytest
from onnx import TensorProto, helper

from pipeline.enhance.graph import cost
from pipeline.enhance.runtime import HOLES

# By how much one inference raises the high-water mark of a process, less what the caller holds.
MEASURE = """
import sys
import numpy as np
from pipeline.enhance import providers
def status(key):
    lines = open("/proc/self/status").read().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(key))
small, x = (np.ones((1, 2, n, n), np.float32) for n in (64, int(sys.argv[2])))
providers.share_memory(1 << 30)
session = providers.session(open(sys.argv[1], "rb").read(), providers.Ep.CPU, {})
session.run(None, {"x": small})
before = status("VmRSS")
answer = session.run(None, {"x": x})
print(status("VmHWM") - before + x.nbytes)
"""


def test_a_convolution_multiplies_and_adds_once_per_weight_and_pixel() -> None:
    found = cost(networks.blur(radius=3).model(), 64, 96)
    assert found.flops == 2 * 7 * 7 * 64 * 96
    assert found.parameters == 49


def test_a_u_net_of_16_channels_takes_one_and_a_half_tflop_at_4096() -> None:
    # Multiplications and additions per pixel of the image: on top, 9 (2 + 16) 16 down and
    # 9 (32 + 16) 16 up; below, on a quarter of the pixels with twice the features each,
    # 9 (16 + 32) 32 / 4 and 9 (64 + 32) 32 / 4; the lowest, 9 (128 + 256) 256 / 256; the 1 × 1
    # between two levels, 32 · 16 / 4; the last, 16.
    top, level, lowest = 9 * (18 + 48) * 16, 9 * (48 + 96) * 32 // 4, 9 * 384 * 256 // 256
    found = cost(networks.unet(width=16, depth=4).model(), 4096, 4096)
    assert found.flops == 2 * 4096**2 * (top + 3 * level + lowest + 4 * 128 + 16)
    assert found.flops == pytest.approx(1.5e12, rel=0.01)  # the science note, §7


def test_a_transposed_convolution_counts_its_input_pixels() -> None:
    up = helper.make_node("ConvTranspose", ["x", "kernel"], ["mean"], strides=[2, 2])
    graph = networks.Graph([up], {"kernel": networks.np.ones((2, 1, 2, 2), "float32")})
    assert cost(graph.model(), 32, 32).flops == 2 * 2 * 4 * 32 * 32


def test_matrix_products_count() -> None:
    node = helper.make_node("MatMul", ["x", "weights"], ["mean"])
    given, made = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, channels, "H", 8])
        for name, channels in (("x", 1), ("mean", 1))
    )
    weights = networks.numpy_helper.from_array(networks.np.ones((8, 8), "float32"), "weights")
    model = helper.make_model(helper.make_graph([node], "test", [given], [made], [weights]))
    assert cost(model, 16, 8).flops == 2 * 16 * 8 * 8


def test_tensors_that_nobody_needs_any_more_are_not_counted() -> None:
    # The input (2 channels) lives throughout, then field and blurred image, which the
    # convolution fills up to 16 channels.
    assert cost(networks.blur().model(), 64, 64).peak == 4 * 64 * 64 * (2 + 1 + 16)
    # Input, field, its two samples.
    assert cost(networks.samples([0.0, 1.0]).model(), 64, 64).peak == 4 * 64 * 64 * (2 + 1 + 1 + 2)


def test_answers_are_counted_at_their_size() -> None:
    assert cost(networks.identity(factor=4).model(), 32, 32).answers == 4 * 128 * 128


def test_a_graph_whose_shapes_cannot_be_told_is_refused() -> None:
    odd = helper.make_node("NonZero", ["x"], ["mean"])
    graph = helper.make_graph(
        [odd],
        "test",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1, "H", "W"])],
        [helper.make_tensor_value_info("mean", TensorProto.INT64, None)],
    )
    with pytest.raises(ValueError, match="the shape of 'mean' cannot be told"):
        cost(helper.make_model(graph), 32, 32)


def test_measured_memory_is_what_the_graph_shows_up_to_the_stated_factor(tmp_path: Path) -> None:
    side, model, path = 768, networks.unet(16, 4).model(), tmp_path / "model.onnx"
    path.write_bytes(model.SerializeToString())
    command = [sys.executable, "-c", MEASURE, str(path), str(side)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert 0.8 < int(printed) / cost(model, side, side).peak < HOLES
