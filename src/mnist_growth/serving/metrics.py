"""Prometheus metrics."""

import os
from collections.abc import Iterable

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from mnist_growth.drift import FeatureDrift

_LATENCIES = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
_BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)

REQUESTS = Counter("mnist_growth_requests", "Requests that were answered", ("path", "status"))
LATENCY = Histogram(
    "mnist_growth_request_seconds", "Time from the headers of a request to its response", buckets=_LATENCIES
)
IN_PROGRESS = Gauge(
    "mnist_growth_requests_in_progress", "Requests being received or answered", multiprocess_mode="livesum"
)
BATCH = Histogram("mnist_growth_batch_images", "Images in one forward pass", buckets=_BATCHES)
DIGITS = Counter("mnist_growth_digits", "Predictions", ("digit",))
MODEL = Gauge("mnist_growth_model", "1 for the network in use", ("version", "backend"), multiprocess_mode="livemax")
DRIFT = Gauge(
    "mnist_growth_drift",
    "Distance of the latest images from the training images: kl, psi (nats) or ks",
    ("feature", "measure"),
    multiprocess_mode="livemax",
)
DRIFT_ALARM = Gauge(
    "mnist_growth_drift_alarm", "1 if a threshold is exceeded", ("feature",), multiprocess_mode="livemax"
)
DRIFT_IMAGES = Gauge(
    "mnist_growth_drift_images", "Number of latest images that are compared", multiprocess_mode="livesum"
)
RELOADS = Counter("mnist_growth_reloads", "Attempts to load a network", ("outcome",))


def set_drift(features: Iterable[FeatureDrift], images: int) -> None:
    """Set the drift metrics.

    Args:
        features: Drift of each feature.
        images: Number of images that were compared.
    """
    DRIFT_IMAGES.set(images)
    for feature in features:
        DRIFT_ALARM.labels(feature.feature).set(feature.alarm)
        for measure, value in (("kl", feature.kl), ("psi", feature.psi), ("ks", feature.ks)):
            if value is not None:
                DRIFT.labels(feature.feature, measure).set(value)


def exposition() -> bytes:
    """Return all metrics in the text format of Prometheus, aggregated over the workers."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
