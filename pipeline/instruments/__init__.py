"""From an instrument's file to a :class:`~pipeline.core.SolarImage`.

Knows: every header with all its defects, units, blanks, clocks, pointing and
quality bits; one file per instrument.
Refuses to know: where the file came from, and any network.
"""
