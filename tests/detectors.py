"""Novelty detectors for tests that need one but do not depend on what it finds."""

import numpy as np
import torch
from numpy.typing import NDArray

from mnist_growth.network import TrainedNetwork
from mnist_growth.novelty import Features, NoveltyDetector


def untrained_detector(trained: TrainedNetwork, images: NDArray[np.uint8]) -> NoveltyDetector:
    """A detector that scores one random direction of the features, calibrated with images."""
    features = Features(trained.network)(images)
    weight = torch.randn(1, features.shape[1], generator=torch.Generator().manual_seed(0))
    quantiles = (features @ weight.T).squeeze(1).sort().values
    center, bias = torch.zeros(features.shape[1]), torch.zeros(1)
    return NoveltyDetector(trained.sha256, trained.dataset, center, torch.tensor(1.0), ((weight, bias),), quantiles)
