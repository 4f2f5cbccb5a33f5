"""Where the simulated STEREO-A is: where the house believes the real one to be."""

from pipeline.core.ephemeris import ecliptic_latitude as latitude
from pipeline.core.ephemeris import stereo_a
from pipeline.core.ephemeris import stereo_a_ahead as separation

__all__ = ["latitude", "separation", "stereo_a"]
