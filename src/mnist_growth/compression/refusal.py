"""Networks that cannot be compressed."""

from mnist_growth.network import TrainedNetwork


def check_compressible(trained: TrainedNetwork) -> None:
    """Refuse a network that is already compressed.

    Raises:
        ValueError: Its weights are quantised.
    """
    if trained.network.spec.kind == "packed":
        raise ValueError(
            f"The network {trained.version} is already compressed: choose the network that it was made from, or "
            "another one, with --load-versions network:<version>"
        )
