"""Networks that cannot be compressed."""

from collections.abc import Sequence

from mnist_growth.compression.config import Recipe
from mnist_growth.digits import Split
from mnist_growth.network import TrainedNetwork
from mnist_growth.training import split_fingerprint


def check_compressible(trained: TrainedNetwork, split: Split, recipes: Sequence[Recipe]) -> None:
    """Refuse a network that is already compressed, or whose validation digits are others, or that is of another kind.

    Raises:
        ValueError: Its weights are quantised; or it was trained with another split, so that digits it has learned would
            be among the validation digits with which the choice is made; or a recipe quantises the weights, and the
            network is not a chain of affine maps and relu.
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
    quantising = [recipe.name for recipe in recipes if recipe.weight_bits is not None]
    if quantising and trained.network.affine_chain() is None:
        raise ValueError(
            f"A network of kind {trained.network.spec.kind!r} cannot be quantised, only a chain of affine maps and "
            f"relu can: leave out the recipes with weight_bits in 'compress.variants' ({', '.join(quantising)})"
        )
