"""Digits as tensors, and the settings of the attribution methods."""

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from mnist_growth import evaluation
from mnist_growth.digits import Digits, class_statistics
from mnist_growth.inspection.explanation import ExplanationConfig, Settings
from mnist_growth.machine import release_pages
from mnist_growth.network import TrainedNetwork


def choose_digits(predictions: pd.DataFrame, config: ExplanationConfig) -> pd.DataFrame:
    """Return the predictions of the test digits that are explained.

    Raises:
        ValueError: There are fewer test digits, or the network has learned nothing.
    """
    counts = {name: value for name, value in config if name.endswith("_digits")}
    name = max(counts, key=lambda each: int(counts[each]))
    return evaluation.inspected_digits(predictions, counts[name], f"explanation.{name}")


def average_digit(train_digits: Digits, trained: TrainedNetwork) -> np.ndarray:
    """Return the mean of the training digits, float64 [28, 28], a baseline of integrated gradients.

    Raises:
        ValueError: The training digits are of another set than the network was trained on.
    """
    evaluation.check_same_set(trained.dataset, trained.fingerprint, train_digits)
    statistics = class_statistics(train_digits.images, train_digits.labels, len(train_digits.class_names))
    release_pages(train_digits.images)
    share = statistics.count / statistics.count.sum()
    mean: np.ndarray = np.nansum(statistics.mean_image * share[:, np.newaxis, np.newaxis], axis=0)
    return mean


def as_tensors(digits: Digits, chosen: pd.DataFrame, trained: TrainedNetwork) -> tuple[Tensor, Tensor]:
    """Return grey values, float [N, 28, 28], and predicted classes, int64 [N], of some digits, for the network."""
    network = trained.network
    images = torch.from_numpy(np.array(digits.images[chosen["index"].to_numpy()]))
    classes = torch.from_numpy(np.array(chosen["prediction"]))
    return images.to(network.device, network.dtype), classes.to(network.device)


def settings(mean_image: np.ndarray, config: ExplanationConfig, trained: TrainedNetwork) -> Settings:
    """Return the settings of the attribution methods."""
    mean = torch.from_numpy(mean_image).to(trained.network.device, trained.network.dtype)
    return Settings(config.attributions, mean, config.seed)
