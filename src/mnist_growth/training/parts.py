"""The parts of the digits that a network was trained with."""

import numpy as np
from numpy.typing import NDArray

from mnist_growth.digits import Split
from mnist_growth.network import TrainedNetwork
from mnist_growth.training.setup import split_fingerprint


def training_parts(trained: TrainedNetwork, split: Split, count: int) -> dict[str, NDArray[np.int64]]:
    """Return the indices of the digits that a network was trained on and validated with.

    Args:
        trained: The network.
        split: The current split; the network may have been trained with another one.
        count: Number of digits in both parts together.

    Returns:
        Indices, int64 [N], of the parts "training" and "validation". For a network that was trained with another split
        they cannot be distinguished and are one part, "training and validation".
    """
    if split_fingerprint(split) == trained.split:
        return {"training": split.train, "validation": split.validation}
    return {"training and validation": np.arange(count)}
