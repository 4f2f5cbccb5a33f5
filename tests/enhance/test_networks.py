"""The networks of the tests are what they say."""

from typing import Any

import networks
import numpy as np
import onnxruntime as ort
import pytest


def run(graph: networks.Graph, x: np.ndarray) -> np.ndarray:
    session = ort.InferenceSession(graph.model().SerializeToString())
    answer: np.ndarray = session.run(["mean"], {"x": x})[0][0, 0]
    return answer


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        ("blur", {"radius": 4}),
        ("box", {"radius": 2}),
        ("unet", {"depth": 2}),
        ("unet", {"depth": 3}),
    ],
)
def test_a_pixel_reaches_as_far_as_the_receptive_field_and_no_further(
    kind: str, arguments: dict[str, Any]
) -> None:
    graph = networks.KINDS[kind](**arguments)
    far, stride = graph.receptive_field, graph.stride
    side, reach = 4 * (-(-far // stride) * stride), 0
    x = np.random.default_rng(2).normal(size=(1, 2, side, side)).astype(np.float32)
    before = run(graph, x)
    for row in range(side // 2, side // 2 + stride):  # every place within a pooling block
        changed = x.copy()
        changed[0, 0, row, side // 2] += 1e3
        rows = np.flatnonzero((run(graph, changed) != before).any(axis=1))
        reach = max(reach, row - int(rows.min()), int(rows.max()) - row)
    assert reach <= far
    assert reach > far // 2


def test_a_blur_is_its_kernel() -> None:
    x = np.zeros((1, 2, 32, 32), np.float32)
    x[0, 0, 16, 16] = 1.0
    graph = networks.blur(radius=3)
    np.testing.assert_allclose(run(graph, x)[13:20, 13:20], networks.gaussian(3), atol=1e-7)
    np.testing.assert_allclose(run(networks.box(radius=1), x)[15:18, 15:18], 1 / 9, atol=1e-7)


def test_an_identity_repeats_pixels() -> None:
    x = np.arange(2 * 8 * 8, dtype=np.float32).reshape(1, 2, 8, 8)
    np.testing.assert_array_equal(
        run(networks.identity(factor=2), x), x[0, 0].repeat(2, axis=0).repeat(2, axis=1)
    )
