"""Checks of a map before anyone sees it.

Knows: what a plausible Sun looks like, in numbers, and what an operator should be told.
Refuses to know: how the map was made, and what becomes of one that fails.

Each check measures one number, holds it to one limit of the settings (section ``quality``, where
the reason for the limit stands) and says in a sentence what it found. A question that does not
arise, like the change since a map that does not exist, is a check that passes with a value of NaN.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from pipeline.acts import frames
from pipeline.core import Check, GlobalMap, Quality, Severity, Source, earth
from pipeline.settings import CheckName, QualitySettings, Settings
from pipeline.surface import Layer

NEVER = datetime.min.replace(tzinfo=UTC)
MAGNETOGRAPHS = {"hmi": Source.HMI, "gong": Source.GONG}
POLAR_CAP = 60.0  # deg; poleward of it nothing is seen well, and every map rests on transport
ROTATION_HOURS = 24 * 27.2753  # one Carrington rotation: by then all longitudes have passed
LIMB = 0.17  # cosine; within 10 deg of the limb a cell is neither seen well nor hidden
ENOUGH = 50  # pairs of neighbours; fewer tell nothing
OWN_FLAGS = {"newest_age": Quality.STALE_INPUT, "net_flux": Quality.FLUX_IMBALANCE}
# Cosmic rays and saturated pixels are no reason to doubt an image: one pixel in a thousand.
UNTRAINED = 1e-3


def inspect(
    map_: GlobalMap,
    carried: GlobalMap | None,
    layers: Mapping[str, Layer],
    settings: Settings,
) -> tuple[Check, ...]:
    """Every check of *map_*, in the order in which an operator should read them.

    carried : the last published map, carried to the same time without new observations; while
        it is still filling, every observation changes it much, and it is not held against
    layers : the newest observation of each instrument that entered, by its name
    """
    limits = settings.quality
    if not (whole := finite(map_, limits)).passed:
        return (whole,)  # sums over what is not finite tell nothing more
    if carried is not None and _unseen(carried) > limits.unseen_share:
        carried = None
    return (
        whole,
        field_strength(map_, limits),
        net_flux(map_, limits),
        unsigned_flux_jump(map_, carried, limits),
        frame_flux(carried, layers, limits),
        frame_scale(carried, layers, limits),
        polar_field(map_, limits),
        seam(map_, limits),
        hmi_gong_correlation(layers, limits),
        hmi_gong_scale(layers, limits),
        far_side_flux(map_, limits),
        observed_share(map_, limits),
        newest_age(map_, settings.cycle.stale, limits),
        unseen_share(map_, limits),
    )


def finite(map_: GlobalMap, limits: QualitySettings) -> Check:
    """Cells whose field or error is not finite, or whose error is not positive: none.

    Such a cell spreads over the whole corona, and over the whole map within a day.
    """
    good = np.isfinite(map_.br) & np.isfinite(map_.sigma) & (map_.sigma > 0)
    spoiled = int((~good).sum())
    sentence = f"{spoiled} of {good.size} cells hold no number or no error."
    return _at_most("finite", spoiled, 0, sentence, limits)


def field_strength(map_: GlobalMap, limits: QualitySettings) -> Check:
    """Largest field of a cell, gauss."""
    strongest = float(np.abs(map_.br).max())
    sentence = f"The strongest cell holds {strongest:.0f} G."
    return _at_most("field_strength", strongest, limits.field_strength, sentence, limits)


def net_flux(map_: GlobalMap, limits: QualitySettings) -> Check:
    """Net flux that the balance took out, as a part of the unsigned flux.

    The Sun has no monopole; what is left over is error of the observations.
    """
    unsigned = map_.unsigned_flux
    part = abs(map_.net_flux_removed) / unsigned if unsigned else 0.0
    sentence = f"The observed net flux was {part:.1%} of the unsigned flux."
    return _at_most("net_flux", part, limits.net_flux, sentence, limits)


def unsigned_flux_jump(
    map_: GlobalMap, carried: GlobalMap | None, limits: QualitySettings
) -> Check:
    """Change of the unsigned flux that the new observations made, as a part of it.

    Measured against the last map carried to the same time, so that decay on the way
    does not count.
    """
    if carried is None or not carried.unsigned_flux:
        return _not_asked("unsigned_flux_jump", limits.unsigned_flux_jump, limits)
    change = map_.unsigned_flux / carried.unsigned_flux - 1.0
    sentence = f"New observations changed the unsigned flux by {change:+.1%}."
    limit = limits.unsigned_flux_jump
    return _at_most("unsigned_flux_jump", abs(change), limit, sentence, limits)


def frame_flux(
    carried: GlobalMap | None, layers: Mapping[str, Layer], limits: QualitySettings
) -> Check:
    """Factor by which a frame and the map that awaited it differ in mean unsigned field.

    Within 60 deg of disk centre; of the instruments whose frames entered, the worst. The map
    itself tells little, for it follows a frame only as far as it believes it.
    """
    ratios = frames.strengths(carried, layers) if carried else {}
    told = "is {:.2f} times as strong as the map there."
    return _worst("frame_flux", ratios, limits.frame_flux, told, limits)


def frame_scale(
    carried: GlobalMap | None, layers: Mapping[str, Layer], limits: QualitySettings
) -> Check:
    """Factor by which a frame and the map that awaited it differ in the spread of the quiet Sun.

    Quiet Sun is most of every frame and the same from day to day, so that this is finer than
    ``frame_flux``: it finds half the field, and noise that is lost in active regions.
    """
    ratios = frames.quiet_spreads(carried, layers) if carried else {}
    told = "has {:.2f} times the quiet Sun of the map there."
    return _worst("frame_scale", ratios, limits.frame_scale, told, limits)


def polar_field(map_: GlobalMap, limits: QualitySettings) -> Check:
    """Larger of the mean fields poleward of 60 deg, gauss."""
    north, south = map_.polar_field(+1), map_.polar_field(-1)
    sentence = f"The mean polar fields are {north:+.1f} G (north) and {south:+.1f} G (south)."
    largest = max(abs(north), abs(south))
    return _at_most("polar_field", largest, limits.polar_field, sentence, limits)


def seam(map_: GlobalMap, limits: QualitySettings) -> Check:
    """Median step between neighbours of different source over that of the pairs beside them.

    At most one where sources join without a trace. Steps are those along the rows; of the next
    pair east and the next one west the mean is that of squares, so that a seam between a smooth
    and a noisy source, whose step has half the noise of the noisy pair, is none. An active
    region that lies across is no seam either, wherefore medians.
    """
    rows = np.abs(map_.grid.lat) < POLAR_CAP
    br, source = map_.br[rows].astype(np.float64), map_.source[rows]
    step = np.abs(np.roll(br, -1, axis=1) - br)
    across = np.roll(source, -1, axis=1) != source
    lone = across & ~np.roll(across, -2, axis=1) & ~np.roll(across, 2, axis=1)
    if lone.sum() < ENOUGH:
        return _not_asked("seam", limits.seam, limits)
    east, west = (np.roll(step, by, axis=1)[lone] for by in (-2, 2))
    beside = float(np.median(np.sqrt((east**2 + west**2) / 2.0)))
    if not beside:
        return _not_asked("seam", limits.seam, limits)
    ratio = float(np.median(step[lone])) / beside
    sentence = f"Steps between sources are {ratio:.2f} times as large as those beside them."
    return _at_most("seam", ratio, limits.seam, sentence, limits)


def hmi_gong_correlation(layers: Mapping[str, Layer], limits: QualitySettings) -> Check:
    """Pearson correlation of HMI and GONG over blocks of cells that both see."""
    limit = limits.hmi_gong_correlation
    pair = frames.both(layers)
    if pair is None:
        return _not_asked("hmi_gong_correlation", limit, limits)
    correlation = float(np.corrcoef(*pair)[0, 1])
    sentence = f"HMI and GONG correlate by {correlation:.2f} where both see."
    return _at_least("hmi_gong_correlation", correlation, limit, sentence, limits)


def hmi_gong_scale(layers: Mapping[str, Layer], limits: QualitySettings) -> Check:
    """Factor by which HMI and GONG differ in strength (standard deviations) where both see."""
    limit = limits.hmi_gong_scale
    pair = frames.both(layers)
    if pair is None or not pair.std(axis=1).all():
        return _not_asked("hmi_gong_scale", limit, limits)
    hmi, gong = pair.std(axis=1)
    sentence = f"HMI is {hmi / gong:.2f} times as strong as GONG where both see."
    return _at_most("hmi_gong_scale", _factor(hmi / gong), limit, sentence, limits)


def far_side_flux(map_: GlobalMap, limits: QualitySettings) -> Check:
    """Factor by which the mean unsigned fields of far and near side differ."""
    mu = earth(map_.time).mu(*map_.grid.mesh())
    strength = np.abs(map_.br, dtype=np.float64)
    near, far = float(strength[mu > LIMB].mean()), float(strength[mu < -LIMB].mean())
    if not (near and far):
        return _not_asked("far_side_flux", limits.far_side_flux, limits)
    sentence = f"The far side is {far / near:.2f} times as strong as the near side."
    factor = _factor(far / near)
    return _at_most("far_side_flux", factor, limits.far_side_flux, sentence, limits)


def observed_share(map_: GlobalMap, limits: QualitySettings) -> Check:
    """Fraction of the sphere that rests on magnetographs."""
    share = float(np.isin(map_.source, list(MAGNETOGRAPHS.values())).mean())
    sentence = f"{share:.1%} of the sphere rests on magnetograms."
    return _at_least("observed_share", share, limits.observed_share, sentence, limits)


def newest_age(map_: GlobalMap, limit: timedelta, limits: QualitySettings) -> Check:
    """Age of the newest magnetogram ever assimilated, hours."""
    hours = min(_ages(map_).values()) / timedelta(hours=1)
    sentence = (
        f"The newest magnetogram is {hours:.1f} h old."
        if map_.last_observed
        else "No magnetogram was ever used."
    )
    return _at_most("newest_age", hours, limit / timedelta(hours=1), sentence, limits)


def unseen_share(map_: GlobalMap, limits: QualitySettings) -> Check:
    """Fraction within 60 deg of the equator not observed for a rotation, or never."""
    share = _unseen(map_)
    sentence = f"{share:.1%} of the Sun within 60 degrees was not seen for a rotation, or never."
    return _at_most("unseen_share", share, limits.unseen_share, sentence, limits)


def conditions(map_: GlobalMap, lost: Sequence[str], settings: Settings) -> Quality:
    """The ``qc`` flags of a map: what weakens trust in it as a whole.

    lost : why networks did not run
    """
    failed = {check.name for check in map_.checks if not check.passed}
    qc = Quality.CHECK_FAILED if failed - OWN_FLAGS.keys() else Quality.GOOD
    for name in failed & OWN_FLAGS.keys():
        qc |= OWN_FLAGS[name]
    if map_.previous is None:
        qc |= Quality.COLD_START
    if max(_ages(map_).values()) > settings.cycle.window:
        qc |= Quality.INSTRUMENT_ABSENT
    if lost:
        qc |= Quality.NETWORK_ABSENT
    runs = [run for observation in map_.inputs for run in observation.inferences]
    if any(run.outside > UNTRAINED for run in runs):
        qc |= Quality.UNTRAINED_INPUT
    return qc


def withheld(checks: Sequence[Check], carried: GlobalMap | None, limits: QualitySettings) -> str:
    """Why the map is not to be published, in sentences; empty if it is.

    After ``quality.patience`` without an accepted observation the Sun is more likely to have
    changed than every frame since to be wrong, and only a map with holes is still withheld.
    """
    hours = float(np.nanmin(carried.age)) if carried and np.isfinite(carried.age).any() else 0.0
    patient = hours <= limits.patience / timedelta(hours=1)
    return " ".join(
        check.sentence
        for check in checks
        if not check.passed
        and check.severity is Severity.CRITICAL
        and (patient or check.name == "finite")
    )


def _unseen(map_: GlobalMap) -> float:
    rows = np.abs(map_.grid.lat) < POLAR_CAP
    return 1.0 - float((map_.age[rows] <= ROTATION_HOURS).mean())


def _ages(map_: GlobalMap) -> dict[str, timedelta]:
    """How long ago each magnetograph was last used."""
    return {name: map_.time - map_.last_observed.get(name, NEVER) for name in MAGNETOGRAPHS}


def _worst(
    name: CheckName,
    ratios: Mapping[str, float],
    limit: float,
    told: str,
    limits: QualitySettings,
) -> Check:
    """The check of the instrument whose ratio is farthest from one; *told* is said of its frame."""
    if not ratios or not all(ratio > 0.0 for ratio in ratios.values()):
        return _not_asked(name, limit, limits)
    worst = max(ratios, key=lambda instrument: _factor(ratios[instrument]))
    sentence = f"The frame of {worst} {told.format(ratios[worst])}"
    return _at_most(name, _factor(ratios[worst]), limit, sentence, limits)


def _factor(ratio: float) -> float:
    """The ratio or its inverse, whichever is above one."""
    return max(ratio, 1.0 / ratio)


def _at_most(
    name: CheckName, value: float, limit: float, sentence: str, limits: QualitySettings
) -> Check:
    return _check(name, value, limit, value <= limit, sentence, limits)


def _at_least(
    name: CheckName, value: float, limit: float, sentence: str, limits: QualitySettings
) -> Check:
    return _check(name, value, limit, value >= limit, sentence, limits)


def _not_asked(name: CheckName, limit: float, limits: QualitySettings) -> Check:
    return _check(name, math.nan, limit, True, "There was nothing to compare.", limits)


def _check(
    name: CheckName,
    value: float,
    limit: float,
    passed: bool,
    sentence: str,
    limits: QualitySettings,
) -> Check:
    severity = Severity.CRITICAL if name in limits.critical else Severity.WARNING
    return Check(name, float(value), float(limit), severity, passed, sentence)
