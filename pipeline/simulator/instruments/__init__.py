"""The instruments that observe the simulated Sun, by the names a user gives them.

Each is a function from a Moment to the files of that hour, with the archives' own
folders, names, cadences and delays. To add one, write a module and list it here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from pipeline.simulator.campaign import Campaign, File
from pipeline.simulator.corona import Corona
from pipeline.simulator.instruments import aia, euvi, gong, gong_synoptic, hmi, mdi, seismic
from pipeline.simulator.sun import Moment

Instrument = Callable[[Moment], Iterator[File]]


def instruments(campaign: Campaign) -> Mapping[str, Instrument]:
    """All instruments, ready to observe in *campaign*."""
    corona = Corona(campaign.seed)
    return {
        "hmi": partial(hmi.files, campaign=campaign),
        "gong": partial(gong.files, campaign=campaign),
        "gong-synoptic": gong_synoptic.Merging(campaign).files,
        "gong-seismic": partial(seismic.gong_files, campaign=campaign),
        "hmi-seismic": partial(seismic.hmi_files, campaign=campaign),
        "euvi": partial(euvi.files, campaign=campaign, corona=corona),
        "aia": partial(aia.files, campaign=campaign, corona=corona),
        "mdi": partial(mdi.files, campaign=campaign),
    }
