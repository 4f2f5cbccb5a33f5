"""What can compute a network on this machine, and how ONNX Runtime is told to.

Three names stand in settings and records: ``tensorrt`` (TensorRT's execution provider of
onnxruntime-gpu, or TensorRT for RTX as a plug-in beside plain onnxruntime), ``cuda`` and
``cpu``. ONNX Runtime itself turns to the CPU, in silence, when a library is missing or an
operator is not supported; here that is an error.

Knows: execution providers, their libraries and options. Refuses to know: networks and cards.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import importlib.metadata
import importlib.util
import os
import sys
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from typing import Any, Literal

import onnxruntime as ort
from onnxruntime.capi import onnxruntime_pybind11_state as states

from pipeline.core import BadRequest

Name = Literal["tensorrt", "cuda", "cpu"]
NAMES: tuple[Name, ...] = ("tensorrt", "cuda", "cpu")
RTX_PACKAGE = "onnxruntime_ep_nv_tensorrt_rtx"
HEAVY = {"Conv", "ConvTranspose", "Gemm", "MatMul"}  # what must not stay on the CPU
# What ONNX Runtime raises: its own errors have no common class.
ERRORS: tuple[type[Exception], ...] = (
    *(
        found
        for found in vars(states).values()
        if isinstance(found, type) and issubclass(found, Exception)
    ),
    *(RuntimeError, ValueError, OSError, MemoryError),
)
REGION = (1 << 31) - 1  # bytes, the most that an arena can be told to begin with
MAJOR, MINOR = 75, 76  # CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR and _MINOR of cuda.h


class Ep(StrEnum):
    """ONNX Runtime's names."""

    TENSORRT = "TensorrtExecutionProvider"
    RTX = "NvTensorRTRTXExecutionProvider"
    CUDA = "CUDAExecutionProvider"
    CPU = "CPUExecutionProvider"


class Absent(Exception):
    """A provider cannot be had here; says why, as a clause."""


def order(providers: Literal["auto"] | tuple[Name, ...]) -> tuple[Name, ...]:
    """The providers to try: those asked for, or by default those present, the fastest first.

    Raises
    ------
    BadRequest : one of them is unknown.
    """
    if providers == "auto":
        return tuple(present())
    for name in providers:
        if name not in NAMES:
            raise BadRequest(f"No provider is called {name!r}; take some of {', '.join(NAMES)}.")
    return providers


def present() -> list[Name]:
    """The providers that can be had here, the fastest first."""
    found: list[Name] = []
    for name in NAMES:
        with contextlib.suppress(Absent):
            execution_provider(name)
            found.append(name)
    return found


def execution_provider(name: Name) -> Ep:
    """What stands behind *name* on this machine.

    Raises
    ------
    Absent : nothing does.
    """
    if name == "cpu":
        return Ep.CPU
    built_in = Ep.CUDA if name == "cuda" else Ep.TENSORRT
    plug_in = name == "tensorrt" and importlib.util.find_spec(RTX_PACKAGE) is not None
    if built_in not in ort.get_available_providers() and not plug_in:
        raise Absent(_missing(name))
    capability()
    if plug_in:
        _register_rtx()
        return Ep.RTX
    version(built_in)
    return built_in


def _missing(name: Name) -> str:
    """What would have to be installed, as a clause."""
    if _distribution("onnxruntime-gpu"):
        return (
            "onnxruntime, installed beside onnxruntime-gpu, hides it (pip install "
            "--force-reinstall --no-deps onnxruntime-gpu brings it forth)"
        )
    if name == "cuda":
        return "onnxruntime-gpu is not installed"
    return "neither onnxruntime-gpu nor onnxruntime-ep-nv-tensorrt-rtx is installed"


@cache
def capability() -> str:
    """Compute capability of the first GPU, as ``90`` for 9.0.

    Raises
    ------
    Absent : there is no driver or no GPU.
    """
    try:
        cuda = ctypes.CDLL("libcuda.so.1")
    except OSError:
        raise Absent("there is no NVIDIA driver (libcuda.so.1)") from None
    device, numbers = ctypes.c_int(), (ctypes.c_int(), ctypes.c_int())
    failed = cuda.cuInit(0) or cuda.cuDeviceGet(ctypes.byref(device), 0)
    for number, attribute in zip(numbers, (MAJOR, MINOR), strict=True):
        failed = failed or cuda.cuDeviceGetAttribute(ctypes.byref(number), attribute, device)
    if failed:
        raise Absent(f"the NVIDIA driver shows no GPU (CUDA error {failed})")
    return "".join(str(number.value) for number in numbers)


def version(ep: Ep) -> str:
    """Version of the library that builds engines, for their name; empty if there is none.

    Raises
    ------
    Absent : the library is not installed.
    """
    if ep is Ep.RTX:
        return str(importlib.import_module(RTX_PACKAGE).__version__)
    if ep is not Ep.TENSORRT:
        return ""
    with contextlib.suppress(ImportError):  # importing it loads its libraries
        return str(importlib.import_module("tensorrt").__version__)
    for major in (10, 11):
        with contextlib.suppress(OSError):
            return str(ctypes.CDLL(f"libnvinfer.so.{major}").getInferLibVersion())
    raise Absent("TensorRT (libnvinfer) is not installed")


def options(
    ep: Ep, *, memory: int, folder: str, shapes: tuple[str, str], graphs: bool
) -> dict[str, str]:
    """How an execution provider is told its limits.

    memory : bytes that it may use
    folder : where its engines are kept
    shapes : smallest and largest input, as ``x:1x2x64x64``; engines are tuned to the largest
    graphs : whether all inputs have one shape, so that a CUDA graph can be captured once

    TensorRT takes the precision from the graph (strong typing), which is why no option asks
    for float16. Sources: the option tables of onnxruntime.ai/docs/execution-providers
    (TensorRT, CUDA) and tensorrt_rtx_provider_options.h of the plug-in.
    """
    least, largest = shapes
    replay = str(int(graphs))
    if ep is Ep.TENSORRT:
        return {
            "device_id": "0",
            "trt_engine_cache_enable": "1",
            "trt_engine_cache_path": folder,
            "trt_timing_cache_enable": "1",
            "trt_timing_cache_path": folder,
            "trt_max_workspace_size": str(memory),
            "trt_profile_min_shapes": least,
            "trt_profile_opt_shapes": largest,
            "trt_profile_max_shapes": largest,
            "trt_cuda_graph_enable": replay,
        }
    if ep is Ep.RTX:
        return {
            "nv_runtime_cache_path": folder,
            "nv_max_workspace_size": str(memory),
            "nv_profile_min_shapes": least,
            "nv_profile_opt_shapes": largest,
            "nv_profile_max_shapes": largest,
            "enable_cuda_graph": replay,
        }
    if ep is Ep.CUDA:
        return {
            "device_id": "0",
            "gpu_mem_limit": str(memory),
            "arena_extend_strategy": "kSameAsRequested",
            "use_tf32": "0",  # ten bits of mantissa would not be float32
            "enable_cuda_graph": replay,
        }
    return {}


def session(model: bytes, ep: Ep, told: Mapping[str, str]) -> ort.InferenceSession:
    """A graph, ready to run on *ep* and nowhere else.

    Raises
    ------
    Absent : the provider's libraries do not load, or it leaves heavy operators to others.
    ERRORS : whatever else ONNX Runtime raises.
    """
    how = ort.SessionOptions()
    how.log_severity_level = 4  # what it complains of, it also raises
    how.intra_op_num_threads = len(os.sched_getaffinity(0))
    how.enable_mem_pattern = False  # it plans for one shape, and doubles the memory of others
    how.add_session_config_entry("session.intra_op.allow_spinning", "0")
    how.add_session_config_entry("session.record_ep_graph_assignment_info", "1")
    chosen: dict[str, Any] = {}
    if ep is Ep.CPU:
        how.add_session_config_entry("session.use_env_allocators", "1")
        chosen["providers"] = [str(ep)]
    elif ep is Ep.RTX:
        devices = [device for device in ort.get_ep_devices() if device.ep_name == ep]
        how.add_provider_for_devices(devices[:1], dict(told))
    else:
        _load_cuda()
        chosen["providers"] = [(str(ep), dict(told))]
    made = ort.InferenceSession(model, how, enable_fallback=0, **chosen)
    if made.get_providers()[0] != ep:
        raise Absent("its libraries do not load")
    strays = {
        node.op_type
        for part in made.get_provider_graph_assignment_info()
        for node in part.get_nodes()
        if part.ep_name != ep and node.op_type in HEAVY
    }
    if strays:
        raise Absent(f"it does not compute {', '.join(sorted(strays))} of this graph")
    return made


def share_memory(expected: int) -> None:
    """From now on, sessions on the CPU share one arena, made for about *expected* bytes.

    Each would otherwise keep the most that it ever needed. The arena begins as one region of
    that size, of which pages cost nothing until they are used: grown piece by piece, it would
    be left with holes that tiles of other shapes do not fit. It has no limit; the plan of the
    tiles keeps the bound. What sessions of an arena set up before still hold is given back
    when the last of them is gone.
    """
    arena = ort.OrtAllocatorType.ORT_ARENA_ALLOCATOR
    where = ort.OrtMemoryInfo("Cpu", arena, 0, ort.OrtMemType.DEFAULT)
    how = ort.OrtArenaCfg({"initial_chunk_size_bytes": min(expected, REGION)})
    ort.create_and_register_allocator(where, how)


@cache
def _load_cuda() -> None:
    """Load CUDA and cuDNN from their Python packages, where they are installed as such."""
    with contextlib.redirect_stdout(sys.stderr):  # it prints what it does not find
        ort.preload_dlls()
    with contextlib.suppress(Absent):
        version(Ep.TENSORRT)


@cache
def _register_rtx() -> None:
    package = importlib.import_module(RTX_PACKAGE)
    try:
        ort.register_execution_provider_library(str(Ep.RTX), package.get_library_path())
    except ERRORS as error:
        raise Absent(f"{RTX_PACKAGE} does not load ({error})") from None
    if not any(device.ep_name == Ep.RTX for device in ort.get_ep_devices()):
        raise Absent(f"{RTX_PACKAGE} takes no GPU of this machine")


def _distribution(name: str) -> bool:
    try:
        importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True
