"""HMI helioseismic phase maps of the far side on a one-degree Carrington grid.

181 rows of latitude from the south pole, 361 columns of longitude, the last the
same meridian as the first. The WCS keywords of some copies put longitude 0 in
the middle column; the pixels do not: what is mapped centres on column REF_L0,
the far side's central meridian.
"""

from __future__ import annotations

from pipeline.core import Observation, PlateCarree, Quantity, SolarImage, earth, from_tai
from pipeline.instruments.fits import FitsImage, keep


def recognises(image: FitsImage) -> bool:
    return all(image.text(key) for key in ("REF_L0", "REF_B0", "REFINDX", "T_REC"))


def read(image: FitsImage) -> SolarImage:
    """Phase shift in radians, negative over active regions; masked on the near side.

    Raises
    ------
    BadFile : another shape, a QUALITY other than 0, or a missing time.
    """
    if image.data.shape != (181, 361):
        raise image.refuse(f"its shape is {image.data.shape}, not 181 rows of 361")
    if quality := image.bits("QUALITY"):
        raise image.refuse(f"QUALITY 0x{quality:08X} forbids its use", "take the next map")
    time = from_tai(image.clock(image.text("T_REC")))
    data, mask = keep(image)
    return SolarImage(
        data=data,
        mask=mask,
        unit="rad",
        geometry=PlateCarree(x0=0.0, y0=90.0, dlon=1.0, dlat=1.0, lon=0.0),
        observation=Observation(
            instrument="hmi-seismic",
            quantity=Quantity.PHASE_SHIFT,
            time=time,
            observer=earth(time),
            file=image.file,
            quick_look=image.text("OBSTYPE") == "NRT",
            simulated=image.simulated,
        ),
    )
