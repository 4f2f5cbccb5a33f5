"""What one network costs on one provider, measured in a process of its own.

``python -m pipeline.timing FOLDER SIDE REPEATS PROVIDER CACHE MEMORY`` prints JSON. The peak
of memory is that of the process, so nothing else may run in it. Refuses to know: what is
good enough.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline import enhance
from pipeline.core import AllsunError

DISK = 0.93  # of half the frame: the disk's radius in frames of HMI
SQUARE = 4096  # side of the matrices whose product shows what the processor can do


def main(
    folder: str, side: str, repeats: str, provider: enhance.Name, cache: str, memory: str
) -> None:
    """Time a disk that almost fills a square frame."""
    network = enhance.read_network(Path(folder))
    x, mask = disk(len(network.card.inputs), int(side))
    with enhance.Runtime((provider,), Path(cache), int(memory)) as runtime:
        engine = runtime.open(network)
        milliseconds = clock(lambda: enhance.compute(x, mask, engine), int(repeats))
        figures = report(engine.provider, milliseconds)
        flops = engine.flops_per_pixel * mask.size
    if engine.provider.startswith("cpu"):
        figures |= {"roofline": flops / (1e-3 * figures["median_ms"]) / roofline()}
    print(json.dumps(figures | {"tflop": flops / 1e12}))


def disk(channels: int, side: int) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Noise on a disk, and its mask: (channels, side, side) and (side, side)."""
    offset = np.arange(side) - (side - 1) / 2.0
    mask = np.hypot(offset[:, None], offset) < DISK * side / 2.0
    noise = np.random.default_rng(0).normal(0.0, 1.0, (channels, side, side))
    return np.where(mask, noise, 0.0).astype(np.float32), mask


def clock(work: Callable[[], object], repeats: int) -> NDArray[np.float64]:
    """Milliseconds of each of *repeats* runs, after one to warm up."""
    work()
    ends = [time.perf_counter()]
    for _ in range(repeats):
        work()
        ends.append(time.perf_counter())
    return 1e3 * np.diff(ends)


def report(by: str, milliseconds: NDArray[np.float64]) -> dict[str, Any]:
    """What *milliseconds* come to, and the peak of memory of this process; ready for JSON."""
    return {
        "by": by,
        "median_ms": float(np.median(milliseconds)),
        "p95_ms": float(np.percentile(milliseconds, 95)),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0,
    }


def roofline() -> float:
    """Floating-point operations per second of a large matrix product in float32: what this
    processor can do at best, which other devices are not held to.
    """
    a = np.ones((SQUARE, SQUARE), np.float32)
    return float(2.0 * SQUARE**3 / (1e-3 * clock(lambda: a @ a, 2).min()))


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])  # type: ignore[arg-type]  # Runtime refuses other providers
    except AllsunError as error:
        sys.exit(str(error))
