"""What the landscape is measured with: digits, the networks along the training, and another network."""

import logging
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from mnist_growth.datasets import Results
from mnist_growth.digits import Digits
from mnist_growth.evaluation import inspected_digits
from mnist_growth.inspection.landscape import LandscapeConfig, Moment
from mnist_growth.network import TrainedNetwork
from mnist_growth.training import CheckpointStore, Snapshot

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Sample:
    """Some labelled images.

    Attributes:
        images: uint8 [N, 28, 28].
        labels: int64 [N].
    """

    images: Tensor
    labels: Tensor


@dataclass(frozen=True)
class Samples:
    """The test digits of each measurement.

    Attributes:
        surface: For surfaces, the trajectory and paths.
        hessian: For the curvature at the network.
        noise: For the gradient noise scale.
        growth: For the curvature before and after growths.
    """

    surface: Sample
    hessian: Sample
    noise: Sample
    growth: Sample


@dataclass(frozen=True)
class Snapshots:
    """The networks along a training, on disk until they are needed.

    Attributes:
        saved: In the order of the training; empty if they are gone.
        trained: The network at its end.
        reason: Why there are none, as a sentence; empty otherwise.
    """

    saved: list[Snapshot]
    trained: TrainedNetwork
    reason: str = ""

    def moments(self) -> list[Moment]:
        """Load the networks; the last one is the network at the end of the training."""
        loaded = [each.load() for each in self.saved]
        if loaded and loaded[-1].sha256 != self.trained.sha256:
            loaded.append(self.trained)
        return [Moment(each.epochs, each.network) for each in loaded]


@dataclass(frozen=True)
class OtherNetwork:
    """The network at the other end of the paths.

    Attributes:
        trained: The network; None if there is none.
        reason: Why there is none, as a sentence; empty otherwise.
    """

    trained: TrainedNetwork | None
    reason: str = ""


def choose_digits(test_digits: Digits, predictions: pd.DataFrame, config: LandscapeConfig) -> Samples:
    """Return evenly spaced test digits.

    Raises:
        ValueError: There are too few, or the network is no better than a constant answer.
    """

    def sample(count: int, parameter: str) -> Sample:
        chosen = inspected_digits(predictions, count, parameter)["index"].to_numpy()
        return _sample(test_digits, chosen)

    return Samples(
        sample(config.digits, "landscape.digits"),
        sample(config.hessian.digits, "landscape.hessian.digits"),
        sample(config.hessian.noise_digits, "landscape.hessian.noise_digits"),
        sample(config.growth.digits, "landscape.growth.digits"),
    )


def _sample(digits: Digits, indices: np.ndarray) -> Sample:
    return Sample(
        torch.from_numpy(np.array(digits.images[indices])), torch.from_numpy(np.array(digits.labels[indices]))
    )


def find_snapshots(trained: TrainedNetwork, checkpoints: CheckpointStore) -> Snapshots:
    """Return the snapshots of the training of a network; each is read once to see that it is complete."""
    saved = checkpoints.snapshots(trained.version)
    try:
        for snapshot in saved:
            snapshot.load()
    except (ValueError, OSError) as error:
        return _none(trained, f"A snapshot of the training cannot be read ({error}), so its path cannot be drawn")
    if not saved:
        return _none(
            trained,
            f"The training of the network {trained.version or 'of this run'} has no snapshots, which its path and the "
            "curvature before and after its growths need: train with checkpoints.keep=10 or more to keep them",
        )
    return Snapshots(saved, trained)


def _none(trained: TrainedNetwork, reason: str) -> Snapshots:
    logger.warning("%s; everything else is measured", reason)
    return Snapshots([], trained, reason)


def find_other_network(trained: TrainedNetwork, results: Results, config: LandscapeConfig) -> OtherNetwork:
    """Return the network that the parameters name, or the newest other one of the same shape and digits.

    Raises:
        ValueError: The named network has another shape or was trained on other digits.
        DatasetError: There is no such version, or it is damaged.
    """
    name = config.interpolation.network
    if name is not None:
        other = results.network(name)
        if not _fits(trained, other):
            raise ValueError(
                f"Parameter 'landscape.interpolation.network' names a network {list(other.network.widths)} of "
                f"{other.dataset}, but the network is {list(trained.network.widths)} of {trained.dataset}; choose one "
                "of the same shape and digits with other weights, or null"
            )
        return OtherNetwork(other)
    other_networks = (each for each in results.networks() if _fits(trained, each))
    found = next(other_networks, None)
    if found is None:
        reason = (
            "There is no other network of the same shape that was trained on the same digits: train one with "
            "`kedro run --params training.seed=1` to measure the paths between the two"
        )
        logger.warning("%s; everything else is measured", reason)
        return OtherNetwork(None, reason)
    return OtherNetwork(found)


def _fits(trained: TrainedNetwork, other: TrainedNetwork) -> bool:
    return (
        other.network.spec == trained.network.spec
        and other.fingerprint == trained.fingerprint
        and other.sha256 != trained.sha256
    )
