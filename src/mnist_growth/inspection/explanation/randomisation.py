"""Whether an attribution depends on what a network has learned: networks with random layers."""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from mnist_growth.network import Network, Role, build

_OWN: tuple[Role, ...] = ("incoming", "bias", "scale", "shift", "mean", "variance")
OUTPUT = "output"


def layers(network: Network) -> dict[str, tuple[str, ...]]:
    """Return the names of the tensors of each layer, from the input to the output.

    A layer has the tensors that compute the units of a group; all others that are trained belong to ``output``.
    """
    found = {
        group.name: tuple(axis.tensor for role in _OWN for axis in group.of_role(role))
        for group in network.unit_groups()
    }
    assigned = {name for names in found.values() for name in names}
    found[OUTPUT] = tuple(name for name, _ in network.named_parameters() if name not in assigned)
    return found


def randomised(network: Network, names: set[str], generator: torch.Generator) -> Network:
    """Return a copy in evaluation mode whose tensors of some names are those of a network before its training.

    Args:
        network: The trained network.
        names: Tensors of its state.
        generator: Source of the new weights.
    """
    with torch.random.fork_rng(devices=[]):  # layers of torch begin with weights of its global generator
        copy = build(network.spec, network.pixels, generator).to(network.device, network.dtype)
    state = {name: tensor for name, tensor in network.state_dict().items() if name not in names}
    copy.load_state_dict({**copy.state_dict(), **state})
    return copy.eval().requires_grad_(False)


def randomisations(network: Network, generator: torch.Generator) -> Iterator[tuple[str, str, Network]]:
    """Yield copies with random layers (J. Adebayo et al., *Sanity checks for saliency maps*, NeurIPS 2018, section 3).

    Yields:
        Kind, layer and network: ``cascading``, where the layers from the output down to this one are random, and
        ``independent``, where only this one is. The last cascading network is random altogether.
    """
    tensors = layers(network)
    random: set[str] = set()
    for layer in reversed(tensors):
        random = random | set(tensors[layer])
        yield "cascading", layer, randomised(network, random, generator)
    for layer in reversed(tensors):
        yield "independent", layer, randomised(network, set(tensors[layer]), generator)


def rank_correlation(
    first: NDArray[np.floating], second: NDArray[np.floating], where: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return Spearman's rank correlation of the absolute values of two maps of each image.

    Args:
        first: Float [N, 28, 28].
        second: Float [N, 28, 28].
        where: Pixels of each image that are compared, bool [N, 28, 28].

    Returns:
        Float64 [N], from -1 to 1; 0 where one of the maps is constant, as it has no order to agree with.
    """
    from scipy.stats import rankdata  # imported here: slow, and few commands need it

    found = np.zeros(len(first))
    for number, (one, other, some) in enumerate(zip(np.abs(first), np.abs(second), where, strict=True)):
        ranks = [rankdata(each[some]) for each in (one, other)]
        if all(each.size > 1 and np.ptp(each) > 0 for each in ranks):
            found[number] = np.corrcoef(*ranks)[0, 1]
    return found
