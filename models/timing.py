"""What a network costs in PyTorch, measured in a process of its own.

``python -m models.timing FOLDER SIDE REPEATS eager|compiled`` prints JSON like
:mod:`pipeline.timing`, for the network of the recipe that the card in FOLDER names; its
weights are random, which costs the same.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import torch

from models import nets
from models import recipe as recipes
from pipeline.core import AllsunError
from pipeline.enhance import read_network
from pipeline.timing import clock, disk, report


def main(folder: str, side: str, repeats: str, mode: str) -> None:
    """Time a disk that almost fills a square frame."""
    card = read_network(Path(folder)).card
    net = nets.build(recipes.read(recipes.find(card.training.recipe))).eval()
    net = net.to(memory_format=torch.channels_last)
    work = torch.compile(net) if mode == "compiled" else net
    planes, _ = disk(len(card.inputs), int(side))
    x = torch.from_numpy(planes)[None].contiguous(memory_format=torch.channels_last)
    with torch.inference_mode():
        milliseconds = clock(lambda: work(x), int(repeats))
    print(json.dumps(report(f"pytorch {torch.__version__} {mode}", milliseconds)))


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except AllsunError as error:
        sys.exit(str(error))
