"""What a graph costs: operations, parameters, and the memory its tensors take at the worst.

Knows ONNX operators. Refuses to know: what computes them, and how fast.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import helper, shape_inference

# Operators whose output may take the place of an input that nobody needs any more, or that
# runtimes fuse into the convolution before them.
IN_PLACE = {
    *("Abs", "Add", "Cast", "Clip", "Div", "Elu", "Erf", "Exp", "Gelu", "HardSigmoid"),
    *("HardSwish", "Identity", "LeakyRelu", "Max", "Min", "Mish", "Mul", "Neg", "PRelu", "Pow"),
    *("Reciprocal", "Relu", "Reshape", "Sigmoid", "Softplus", "Sqrt", "Squeeze", "Sub", "Sum"),
    *("Tanh", "ThresholdedRelu", "Unsqueeze"),
}
# ONNX Runtime computes convolutions on blocks of 16 channels where the processor has AVX-512
# (8 with AVX2): https://onnxruntime.ai/docs/performance/model-optimizations/graph-optimizations.html
BLOCK = 16


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one inference.

    flops : of convolutions and matrix products, two for each multiplication and addition
    parameters : numbers that training found
    peak : bytes of all the tensors that live at one time, input and answers included,
        weights not
    answers : bytes of the outputs
    """

    flops: float
    parameters: int
    peak: int
    answers: int


@dataclass(frozen=True, slots=True)
class _Tensor:
    shape: tuple[int, ...]
    bytes: int


def cost(model: onnx.ModelProto, height: int, width: int) -> Cost:
    """What the graph costs for an input of *height* by *width* pixels.

    Raises
    ------
    ValueError : the shape of a tensor cannot be told from the graph.
    """
    weights = {each.name: tuple(each.dims) for each in model.graph.initializer}
    tensors = _tensors(model, height, width)
    for node in model.graph.node:
        for name in node.output:
            if name and name not in tensors:
                raise ValueError(f"the shape of {name!r} cannot be told from the graph")
    return Cost(
        flops=sum(_flops(node, tensors, weights) for node in model.graph.node),
        parameters=sum(
            math.prod(each.dims)
            for each in model.graph.initializer
            if each.data_type in (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16)
        ),
        peak=_peak(model.graph, tensors, set(weights)),
        answers=sum(tensors[output.name].bytes for output in model.graph.output),
    )


def _tensors(model: onnx.ModelProto, height: int, width: int) -> dict[str, _Tensor]:
    """Every tensor but the weights, by name."""
    sized = onnx.ModelProto()
    sized.CopyFrom(model)
    del sized.graph.value_info[:]
    dims = sized.graph.input[0].type.tensor_type.shape.dim
    dims[2].dim_value, dims[3].dim_value = height, width
    for output in sized.graph.output:
        for dim in output.type.tensor_type.shape.dim:
            dim.Clear()
    inferred = shape_inference.infer_shapes(sized, data_prop=True).graph
    known: dict[str, _Tensor] = {}
    for value in (*inferred.input, *inferred.value_info, *inferred.output):
        kind = value.type.tensor_type
        if all(dim.HasField("dim_value") for dim in kind.shape.dim):
            shape = tuple(dim.dim_value for dim in kind.shape.dim)
            item = np.dtype(helper.tensor_dtype_to_np_dtype(kind.elem_type)).itemsize
            known[value.name] = _Tensor(shape, item * math.prod(shape))
    return known


def _flops(
    node: onnx.NodeProto, tensors: dict[str, _Tensor], weights: dict[str, tuple[int, ...]]
) -> float:
    out = math.prod(tensors[node.output[0]].shape)
    if node.op_type == "Conv":  # weights (out, in / groups, *kernel)
        return 2.0 * out * math.prod(_kernel(node, tensors, weights)[1:])
    if node.op_type == "ConvTranspose":  # weights (in, out / groups, *kernel)
        return (
            2.0
            * math.prod(tensors[node.input[0]].shape)
            * math.prod(_kernel(node, tensors, weights)[1:])
        )
    if node.op_type in ("Gemm", "MatMul"):
        transposed = any(a.name == "transA" and a.i for a in node.attribute)
        return 2.0 * out * tensors[node.input[0]].shape[-2 if transposed else -1]
    return 0.0


def _kernel(
    node: onnx.NodeProto, tensors: dict[str, _Tensor], weights: dict[str, tuple[int, ...]]
) -> tuple[int, ...]:
    """Shape of a convolution's weights, which stand in the graph or are computed by it."""
    name = node.input[1]
    return weights[name] if name in weights else tensors[name].shape


def _peak(graph: onnx.GraphProto, tensors: dict[str, _Tensor], weights: set[str]) -> int:
    """Largest sum of the tensors alive while the nodes run in their order."""
    kept = {value.name for value in (graph.input[0], *graph.output)}  # the caller's
    readers = Counter(name for node in graph.node for name in node.input if name not in weights)
    blocked: set[str] = set()
    buffers: dict[str, int] = {graph.input[0].name: tensors[graph.input[0].name].bytes}
    peak = 0
    for node in graph.node:
        inputs = [name for name in node.input if name in buffers]
        dying = [n for n in dict.fromkeys(inputs) if readers[n] == inputs.count(n)]
        dying = [name for name in dying if name not in kept]
        sizes = {name: _size(node, tensors[name], blocked) for name in node.output if name}
        if node.op_type == "Conv" or blocked.intersection(inputs):
            blocked.update(sizes)
        if node.op_type in IN_PLACE and len(sizes) == 1 and not kept.intersection(sizes):
            fits = [name for name in dying if buffers[name] >= max(sizes.values())]
            if fits:  # the output takes over the buffer
                sizes = {next(iter(sizes)): buffers.pop(fits[0])}
                dying.remove(fits[0])
        buffers |= sizes
        peak = max(peak, sum(buffers.values()))
        for name in dying:
            del buffers[name]
        for name in node.input:
            readers[name] -= 1
        for name in sizes:
            if not readers[name] and name not in kept:
                del buffers[name]
    return peak


def _size(node: onnx.NodeProto, tensor: _Tensor, blocked: set[str]) -> int:
    """Bytes of an output, its channels filled up to whole blocks behind a convolution."""
    if len(tensor.shape) != 4 or not (node.op_type == "Conv" or blocked.intersection(node.input)):
        return tensor.bytes
    channels = tensor.shape[1]
    return tensor.bytes * (-(-channels // BLOCK) * BLOCK) // channels
