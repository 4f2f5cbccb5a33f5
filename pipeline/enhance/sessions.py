"""The graphs of one network, loaded on one execution provider.

Knows: sessions, and how their inputs and answers reach the device. Refuses to know: which
provider is tried, and whether its answers are right.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

Plane = NDArray[np.float32]


class Host:
    """A session on the CPU."""

    def __init__(self, session: ort.InferenceSession) -> None:
        self._session = session

    def run(self, x: Plane, shapes: Mapping[str, tuple[int, ...]]) -> list[Plane]:
        """The outputs named in *shapes* for the input *x* [1, C, H, W]."""
        answers: list[Plane] = self._session.run(list(shapes), {"x": x})
        return answers


class Device:
    """A session whose input and answers have buffers on the device.

    They are allocated once for all tiles of one shape, and stay where they are, which a
    captured CUDA graph relies on.
    """

    def __init__(self, session: ort.InferenceSession, device: str = "cuda") -> None:
        self._session, self._device = session, device
        self._shape: tuple[int, ...] = ()

    def run(self, x: Plane, shapes: Mapping[str, tuple[int, ...]]) -> list[Plane]:
        """The outputs of those names and *shapes* for the input *x* [1, C, H, W]."""
        if x.shape != self._shape:
            self._bind(x.shape, shapes)
        self._input.update_inplace(np.ascontiguousarray(x))
        self._session.run_with_iobinding(self._binding)
        answers: list[Plane] = self._binding.copy_outputs_to_cpu()
        return answers

    def _bind(self, shape: tuple[int, ...], shapes: Mapping[str, tuple[int, ...]]) -> None:
        self._shape = ()  # of no use until all is bound
        self._binding = self._session.io_binding()
        self._input = self._buffer(shape)
        self._binding.bind_ortvalue_input("x", self._input)
        for name, each in shapes.items():
            self._binding.bind_ortvalue_output(name, self._buffer(each))
        self._shape = shape

    def _buffer(self, shape: Sequence[int]) -> ort.OrtValue:
        make = self._session.create_ortvalue_from_shape_and_type
        return make(shape, np.float32, self._device, 0)
