"""What can compute here, and what is said of what cannot."""

import subprocess
import sys
from pathlib import Path

import networks
import numpy as np
import onnxruntime as ort
import pytest

from pipeline.core import BadRequest
from pipeline.enhance import providers
from pipeline.enhance.providers import Absent, Ep
from pipeline.enhance.sessions import Device, Host

UNET = networks.unet().model().SerializeToString()
SIDES = [(64, 64), (64, 128), (64, 128), (32, 64)]


def test_the_processor_is_always_there_and_comes_last() -> None:
    assert providers.present()[-1] == "cpu"
    assert providers.order("auto") == tuple(providers.present())


def test_an_order_is_kept_and_an_unknown_name_refused() -> None:
    assert providers.order(("cpu", "cuda")) == ("cpu", "cuda")
    with pytest.raises(BadRequest, match="No provider is called 'gpu'; take some of tensorrt"):
        providers.order(("gpu",))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["tensorrt", "cuda"])
def test_an_absent_library_or_driver_is_named(name: providers.Name) -> None:
    if name in providers.present():
        pytest.skip(f"{name} is present")
    with pytest.raises(Absent, match=r"installed|no NVIDIA driver|no GPU"):
        providers.execution_provider(name)


@pytest.mark.filterwarnings("ignore:Specified provider")
def test_a_provider_that_onnx_runtime_would_replace_in_silence_is_an_error() -> None:
    if "cuda" in providers.present():
        pytest.skip("cuda is present")
    with pytest.raises(Absent, match="its libraries do not load"):
        providers.session(UNET, Ep.CUDA, {})


TILES = """
import sys
from pathlib import Path
from pipeline.enhance import Runtime, compute, read_network
from pipeline.timing import disk
def status(key):
    lines = open("/proc/self/status").read().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(key))
engine = Runtime(("cpu",), memory=int(sys.argv[2])).open(read_network(Path(sys.argv[1])))
x, mask = disk(2, 1024)
before = status("VmRSS")
mean, _ = compute(x, mask, engine)
print(status("VmHWM") - before - 4 * mean.nbytes)
"""


@pytest.mark.parametrize(("width", "memory"), [(8, 40 << 20), (16, 60 << 20)])
def test_tiles_of_many_shapes_keep_the_memory(width: int, memory: int, tmp_path: Path) -> None:
    folder = networks.write_network(tmp_path, "unet", width=width, depth=3)
    command = [sys.executable, "-c", TILES, str(folder), str(memory)]
    ran = subprocess.run(command, check=True, capture_output=True, text=True)
    assert int(ran.stdout) < memory


@pytest.mark.parametrize("ep", [Ep.TENSORRT, Ep.RTX, Ep.CUDA])
def test_options_keep_the_memory_and_ask_for_no_precision(ep: Ep) -> None:
    told = providers.options(
        ep, memory=123, folder="/engines", shapes=("x:1x2x4x4", "x:1x2x8x8"), graphs=False
    )
    assert "123" in told.values()
    assert not any("fp16" in key or "bf16" in key for key in told)
    assert [value for key, value in told.items() if "graph" in key] == ["0"]
    if ep is not Ep.CUDA:
        assert "/engines" in told.values()
        profile = [value for key, value in sorted(told.items()) if "profile" in key]
        assert profile == ["x:1x2x8x8", "x:1x2x4x4", "x:1x2x8x8"]  # max, min, opt


def test_buffers_on_a_device_give_what_plain_arrays_give() -> None:
    session = providers.session(UNET, Ep.CPU, {})
    plain, bound = Host(session), Device(session, "cpu")
    random = np.random.default_rng(3)
    for sides in SIDES:
        x = random.normal(size=(1, 2, *sides)).astype(np.float32)
        shapes = {"mean": (1, 1, *sides)}
        np.testing.assert_array_equal(bound.run(x, shapes)[0], plain.run(x, shapes)[0])


def test_an_answer_from_a_device_is_not_overwritten_by_the_next() -> None:
    bound = Device(providers.session(UNET, Ep.CPU, {}), "cpu")
    x, shapes = np.ones((1, 2, 64, 64), np.float32), {"mean": (1, 1, 64, 64)}
    first = bound.run(x, shapes)[0]
    before = first.copy()
    bound.run(2 * x, shapes)
    np.testing.assert_array_equal(first, before)


def test_what_onnx_runtime_raises_is_known() -> None:
    with pytest.raises(providers.ERRORS):
        providers.session(b"not a graph", Ep.CPU, {})
    with pytest.raises(providers.ERRORS):
        ort.InferenceSession(UNET).run(None, {"x": np.zeros((1, 3, 64, 64), np.float32)})
