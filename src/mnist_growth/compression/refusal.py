"""Networks that cannot be compressed."""

from mnist_growth.digits import Split
from mnist_growth.network import TrainedNetwork
from mnist_growth.training import split_fingerprint


def check_compressible(trained: TrainedNetwork, split: Split) -> None:
    """Refuse a network that is already compressed, or whose validation digits are others.

    Raises:
        ValueError: Its weights are quantised, or it was trained with another split, so that digits it has learned would
            be among the validation digits with which the choice is made.
    """
    if trained.network.spec.kind == "packed":
        raise ValueError(
            f"The network {trained.version} is already compressed: choose the network that it was made from, or "
            "another one, with --load-versions network:<version>"
        )
    if trained.split != split_fingerprint(split):
        raise ValueError(
            f"The network {trained.version} was trained with another split into training and validation digits: choose "
            "that of its training with --load-versions split:<version>"
        )
