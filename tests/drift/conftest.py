import numpy as np
import pytest

import configured
from mnist_growth.drift import FEATURES, DriftConfig, DriftReference


def features_of(count: int, seed: int = 0, **changed) -> dict:
    """Features of images that never were, as they are in training, but for those that are changed."""
    generator = np.random.default_rng(seed)
    usual = {
        "pixel_mean": generator.normal(0.13, 0.04, count),
        "ink": generator.normal(0.13, 0.04, count),
        "slant": generator.normal(10, 15, count),
        "thickness": generator.normal(3, 0.7, count),
        "digit": generator.integers(0, 10, count).astype(np.float64),
        "confidence": (1 - generator.exponential(0.02, count)).clip(0.1, 1).round(2),
    }
    assert usual.keys() == set(FEATURES)
    return usual | changed


@pytest.fixture(scope="session")
def reference() -> DriftReference:
    return DriftReference.of(features_of(3000), bins=10, classes=10, network_sha256="ab" * 32, dataset="mnist")


@pytest.fixture
def config() -> DriftConfig:
    return configured.drift()


@pytest.fixture
def usual():
    return features_of
