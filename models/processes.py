"""One process, or several that ``torchrun`` started, each with a device of its own.

Knows torch.distributed. Refuses to know what the processes do.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel


@dataclass(frozen=True, slots=True)
class Processes:
    """Which of how many processes this is, and where it computes."""

    rank: int
    count: int
    device: torch.device

    @property
    def first(self) -> bool:
        """Whether this is the one that writes files and measures."""
        return self.rank == 0

    @property
    def workers(self) -> int:
        """How many processes should prepare batches: none beside a CPU, which has enough to do."""
        cores = len(os.sched_getaffinity(0)) // int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
        return cores if self.device.type == "cuda" else 0

    def shared(self, module: nn.Module) -> nn.Module:
        """*module*, its gradients averaged over all processes."""
        if self.count == 1:
            return module
        cuda = self.device.type == "cuda"
        return DistributedDataParallel(module, device_ids=[self.device.index] if cuda else None)

    def average(self, value: Tensor) -> Tensor:
        """*value* averaged over all processes."""
        if self.count > 1:
            distributed.all_reduce(value)
            value /= self.count
        return value


@contextmanager
def processes() -> Iterator[Processes]:
    """The processes that ``torchrun`` tells of in the environment; else this one alone."""
    count = int(os.environ.get("WORLD_SIZE", "1"))
    device = torch.device("cpu")
    if torch.cuda.is_available():
        device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
        torch.cuda.set_device(device)
        torch.backends.cudnn.benchmark = True
    if count == 1:
        yield Processes(0, 1, device)
        return
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield Processes(distributed.get_rank(), count, device)
    finally:
        distributed.destroy_process_group()
