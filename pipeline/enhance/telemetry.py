"""What the room counts and measures, for Prometheus.

Knows: names and labels of metrics. Refuses to know: who reads them.
"""

from __future__ import annotations

from dataclasses import asdict

from prometheus_client import Counter, Gauge, Histogram

from pipeline.enhance.parity import Parity

SECONDS = Histogram(
    "allsun_inference_seconds",
    "Time that a network took for one tile or image",
    ["network", "provider"],
    buckets=(0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300),
)
FAILURES = Counter(
    "allsun_inference_failures_total",
    "Times that a provider could not be used and the next was tried",
    ["network", "provider"],
)
SERVING = Gauge(
    "allsun_inference_provider",
    "1 for the provider that computes a network, 0 for those that did before",
    ["network", "provider"],
)
PARITY = Gauge(
    "allsun_inference_parity",
    "Difference of a provider's answer from the reference on the golden input; "
    "spread and largest in gauss, correlation and flux as fractions",
    ["network", "provider", "measure"],
)
OUTSIDE = Gauge(
    "allsun_inference_outside_ratio",
    "Share of the newest image's pixels beyond the range that a network was trained on",
    ["network"],
)


def record_parity(network: str, provider: str, parity: Parity) -> None:
    """Show what the gate measured."""
    for measure, value in asdict(parity).items():
        PARITY.labels(network, provider, measure).set(value)
