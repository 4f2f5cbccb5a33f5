"""What a network must beat: classical filters, tuned as well as they can be.

A filter takes a degraded field (h, w) in gauss without gaps and gives an estimate. It is
tuned on the training regions, at the very noise it will meet, to the least squared error
where |B| ≤ 100 G (denoising) or anywhere (super-resolution): a favour that no blind network
gets. Test regions are never seen here.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.ndimage import gaussian_filter, median_filter, zoom
from skimage.restoration import denoise_bilateral, denoise_nl_means, denoise_wavelet

from models.metrics import Moments, weak
from models.metrics.summed import Floats, Sum

__all__ = [
    "Baseline",
    "Pair",
    "block_matched",
    "block_matching",
    "denoisers",
    "gaussian",
    "superresolvers",
]

Filter = Callable[[Floats], Floats]
KERNEL = 9  # coarse px a side of the linear filter
RENAMED = "trapz"  # what numpy.trapezoid was called before numpy 2
RIDGE = 1e-3  # of the inputs' variance: the normal equations of a blurred field are near singular


@dataclass(frozen=True, slots=True)
class Baseline:
    """A tuned filter; *setting* says how it was tuned; no filter, and why, if it cannot run."""

    name: str
    setting: str
    apply: Filter | None


@dataclass(frozen=True, slots=True)
class Pair:
    """What a filter is tuned on: a degraded field (h, w) and the truth (f h, f w), gauss."""

    degraded: Floats
    truth: Floats


@dataclass(frozen=True, slots=True)
class _Family:
    """A filter with one or two parameters and the values to try."""

    name: str
    settings: Sequence[tuple[str, Filter]]


def denoisers(pairs: Sequence[Pair], sigma: float, kernel: float) -> list[Baseline]:
    """Zero, identity and every filter at its best on *pairs*.

    sigma, kernel : of the noise: gauss, and px of the Gaussian that correlates it. The last
        baseline is told *kernel*; the others are only tuned at it.
    """
    families = [*_smoothers(sigma), _wavelet(sigma), _non_local_means(sigma)]
    named = [Baseline("zero", "", np.zeros_like), Baseline("identity", "", np.copy)]
    tuned = [_tuned(family, pairs) for family in families]
    return [*named, *tuned, *block_matching(pairs, sigma, kernel)]


def block_matching(pairs: Sequence[Pair], sigma: float, kernel: float) -> list[Baseline]:
    """BM3D at its best on *pairs*: for white noise, and told the spectrum if it has one.

    If it is not installed, a baseline that says so.
    """
    if importlib.util.find_spec("bm3d") is None:
        absent = "not installed: pip install bm3d (free of charge for research only)"
        return [Baseline("BM3D", absent, None)]
    return [_tuned(family, pairs) for family in _block_matching(sigma, kernel)]


def gaussian(pairs: Sequence[Pair]) -> Baseline:
    """The blur that does best on *pairs*: what is left when minutes for others are not."""
    return _tuned(_blur(), pairs)


def superresolvers(pairs: Sequence[Pair], factor: int, scale: float) -> list[Baseline]:
    """Zero, bicubic with the published *scale* and with the best, and the best linear filter.

    scale : reported over true field, by which the field is divided
    """
    fitted = _best_scale(pairs, factor)
    weights = _fit_linear(pairs, factor)
    return [
        Baseline("zero", "", lambda x: np.zeros_like(enlarged(x, factor))),
        Baseline("bicubic, published", f"÷ {scale:g}", lambda x: enlarged(x, factor) / scale),
        Baseline("bicubic, fitted", f"÷ {fitted:.3f}", lambda x: enlarged(x, factor) / fitted),
        Baseline(
            f"linear {KERNEL}×{KERNEL}",
            f"{weights.size} weights",
            lambda x: _linear(x, weights, factor),
        ),
    ]


def enlarged(field: Floats, factor: int) -> Sum:
    """Cubic-spline interpolation of (h, w) pixel means to pixels *factor* times finer."""
    return np.asarray(
        zoom(field.astype(np.float64), factor, order=3, mode="nearest", grid_mode=True)
    )


def _tuned(family: _Family, pairs: Sequence[Pair]) -> Baseline:
    """The member of the family with the least squared error on weak fields."""

    def error(apply: Filter) -> float:
        each = (Moments.of(apply(p.degraded), p.truth, weak(p.truth)) for p in pairs)
        return float(sum(m.mse * m.n for m in each))

    setting, best = min(family.settings, key=lambda named: error(named[1]))
    return Baseline(family.name, setting, best)


def _blur() -> _Family:
    widths = np.arange(0.3, 1.55, 0.05)
    return _Family("Gaussian", [(f"{w:.2f} px", partial(gaussian_filter, sigma=w)) for w in widths])


def _smoothers(sigma: float) -> Iterator[_Family]:
    yield _blur()
    cross = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], bool)
    shapes = {"cross of 3 px": cross, "3 px": np.ones((3, 3)), "5 px": np.ones((5, 5))}
    yield _Family(
        "median", [(name, partial(median_filter, footprint=f)) for name, f in shapes.items()]
    )
    yield _Family(
        "bilateral",
        [
            (f"{w:g} px, {k:g} σ", partial(_bilateral, width=w, reach=k * sigma))
            for w in (0.7, 1.0, 1.4, 2.0)
            for k in (1.0, 1.5, 2.0, 3.0, 4.0)
        ],
    )


def _bilateral(field: Floats, width: float, reach: float) -> Floats:
    raised = field - field.min()  # the library refuses negative pictures
    smooth = denoise_bilateral(
        raised, win_size=7, sigma_color=reach, sigma_spatial=width, bins=100_000, mode="reflect"
    )
    return np.asarray(smooth + field.min())


def _wavelet(sigma: float) -> _Family:
    """Soft thresholds on averaged shifts would do better still; this is the library's filter."""
    return _Family(
        "wavelet",
        [
            (
                f"{wavelet}, {times:g} σ",
                partial(
                    denoise_wavelet, sigma=times * sigma, wavelet=wavelet, mode="soft",
                    method="BayesShrink", rescale_sigma=False,
                ),
            )
            for wavelet in ("sym4", "sym8")
            for times in (0.7, 0.85, 1.0, 1.2, 1.4)
        ],
    )  # fmt: skip


def _non_local_means(sigma: float) -> _Family:
    return _Family(
        "non-local means",
        [
            (
                f"{size} px, h {times:g} σ",
                partial(
                    denoise_nl_means, patch_size=size, patch_distance=8, h=times * sigma,
                    sigma=sigma, fast_mode=True,
                ),
            )
            for size in (3, 5)
            for times in (0.2, 0.3, 0.4, 0.5, 0.6, 0.8)
        ],
    )  # fmt: skip


def _block_matching(sigma: float, kernel: float) -> Iterator[_Family]:
    for name, width in {"BM3D, white": 0.0, "BM3D, true spectrum": kernel}.items():
        if width or name == "BM3D, white":
            yield _Family(
                name,
                [
                    (f"{times:g} σ", partial(block_matched, sigma=times * sigma, kernel=width))
                    for times in (1.0, 1.15, 1.3, 1.5)
                ],
            )


def block_matched(field: Floats, sigma: float, kernel: float) -> Floats:
    """BM3D of a field (h, w) with noise of *sigma*, G (Mäkinen et al. 2020, IEEE TIP 29, 8339).

    kernel : px of the Gaussian that correlates the noise; 0 if it is white
    """
    import bm3d

    if not kernel:
        return np.asarray(bm3d.bm3d(field.astype(np.float64), sigma))
    point = np.zeros(field.shape)
    point[0, 0] = 1.0
    power = np.abs(np.fft.fft2(gaussian_filter(point, kernel, mode="wrap"))) ** 2
    # Summed over frequencies, the spectrum is the variance times the squared pixel count.
    spectrum = power * (sigma**2 * field.size / power.mean())
    with _trapz():
        return np.asarray(bm3d.bm3d(field.astype(np.float64), spectrum))


@contextmanager
def _trapz() -> Iterator[None]:
    """Lend numpy the name that bm4d 4.2 still calls and numpy 2.4 has dropped."""
    lent = not hasattr(np, RENAMED)
    if lent:
        setattr(np, RENAMED, np.trapezoid)
    try:
        yield
    finally:
        if lent:
            delattr(np, RENAMED)


def _best_scale(pairs: Sequence[Pair], factor: int) -> float:
    """The divisor of the bicubic field with the least squared error."""
    each = [Moments.of(enlarged(p.degraded, factor), p.truth) for p in pairs]
    return float(sum(m.ee for m in each) / sum(m.et for m in each))


def _fit_linear(pairs: Sequence[Pair], factor: int) -> Sum:
    """Weights (81, factor²) of the coarse pixels around, for every fine pixel in a coarse one.

    Least squares on all pairs and their eight turns and mirrorings.
    """
    normal = np.zeros((KERNEL**2, KERNEL**2))
    right = np.zeros((KERNEL**2, factor**2))
    for pair in pairs:
        for turned in _symmetries(pair):
            x, y = _around(turned.degraded), _fine(turned.truth, factor)
            normal += x.T @ x
            right += x.T @ y
    normal[np.diag_indices_from(normal)] += RIDGE * np.trace(normal) / KERNEL**2
    return np.asarray(np.linalg.solve(normal, right))


def _linear(field: Floats, weights: Sum, factor: int) -> Sum:
    """The fitted filter on a coarse field (h, w)."""
    h, w = field.shape
    fine = (_around(field) @ weights).reshape(h, w, factor, factor)
    return fine.transpose(0, 2, 1, 3).reshape(h * factor, w * factor)


def _around(field: Floats) -> Sum:
    """The 9 × 9 coarse pixels around every pixel, (h w, 81), mirrored at the edges."""
    padded = np.pad(field.astype(np.float64), KERNEL // 2, mode="symmetric")
    views = np.lib.stride_tricks.sliding_window_view(padded, (KERNEL, KERNEL))
    return np.asarray(views.reshape(-1, KERNEL**2))


def _fine(truth: Floats, factor: int) -> Sum:
    """The fine pixels in every coarse one, (h w, factor²)."""
    h, w = (length // factor for length in truth.shape)
    cells = truth[: h * factor, : w * factor].reshape(h, factor, w, factor)
    return np.asarray(cells.transpose(0, 2, 1, 3).reshape(h * w, factor**2), np.float64)


def _symmetries(pair: Pair) -> Iterator[Pair]:
    for quarter in range(4):
        turned = Pair(np.rot90(pair.degraded, quarter), np.rot90(pair.truth, quarter))
        yield turned
        yield Pair(turned.degraded[:, ::-1], turned.truth[:, ::-1])
