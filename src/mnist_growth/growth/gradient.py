"""What a loss gradient says about units that do not exist yet: where they help most, and with which inputs."""

import copy
import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mnist_growth.growth.operators import random_incoming
from mnist_growth.growth.widening import Widening
from mnist_growth.network import Network, UnitGroup, record

RANK_TOLERANCE = 1e-5
"""Singular values below this share of the largest one are rounding."""


@dataclass(frozen=True)
class Probe:
    """Labelled images on which the gradient is measured.

    Attributes:
        images: uint8 or float [B, 28, 28] on the 0-255 scale, B >= 2, on the device of the network.
        labels: int64 [B], on the device of the network.
    """

    images: Tensor
    labels: Tensor


@dataclass(frozen=True)
class Directions:
    """The singular values and right singular vectors of the gradient matrix of a group of units.

    Attributes:
        values: float64 [r], positive, the largest first.
        vectors: float64 [r, inputs + 1], rows of unit length; the last entry belongs to the bias. It is 0 with batch
            norm, which does not use a bias.
    """

    values: Tensor
    vectors: Tensor


def gradient_gain(values: Tensor, count: int) -> float:
    """Return the sum of the largest ``count`` squared singular values of a gradient matrix.

    The largest squared norm that the gradient of the fan-out of that many new units can have in the linearised network
    (Evci et al. 2022, "GradMax", section 3.1).
    """
    return float(values[:count].square().sum())


def gradient_directions(network: Network, probe: Probe) -> Iterator[Directions]:
    """Find, for every group of units l, the singular vectors of M = E[d_{l+1} h_{l-1}^T].

    h_{l-1} are the inputs of the units with a 1 for the bias, d_{l+1} the gradient of the mean cross-entropy with
    respect to the sums that their outgoing weights form: M is the gradient of a weight matrix from the inputs of the
    group past it to the next layer. Batch norm, as in the training steps that follow, uses the statistics of the
    probe; it removes the mean of what a new unit sees, so h_{l-1} is centred and has no 1 there.

    Args:
        network: It is not changed.
        probe: Where the gradient is taken.

    Yields:
        The directions of each group, from the first on; computed when they are asked for, as they take much memory.

    Raises:
        ValueError: The units of a group are not between two affine maps.
    """
    groups = network.unit_groups()
    inputs, gradients = _inputs_and_gradients(network, probe)
    while groups:
        yield _directions(inputs.pop(0), gradients.pop(0), groups[0].is_normalised)
        groups = groups[1:]


def _inputs_and_gradients(network: Network, probe: Probe) -> tuple[list[Tensor], list[Tensor]]:
    """Return the inputs of each group, and the gradient of the mean loss with respect to the sums after it."""
    twin = copy.deepcopy(network).train().requires_grad_(True)  # its running statistics may move
    between = [_surrounding_modules(twin, group) for group in twin.unit_groups()]
    with (
        torch.enable_grad(),
        record(twin, inputs=[before for before, _ in between], outputs=[after for _, after in between]) as recorded,
    ):
        loss = F.cross_entropy(twin(probe.images), probe.labels)
        sums = [recorded.outputs[after] for _, after in between]
        gradients = torch.autograd.grad(loss, sums)
    return [recorded.inputs[before].detach() for before, _ in between], list(gradients)


def _surrounding_modules(network: Network, group: UnitGroup) -> tuple[str, str]:
    """Return the names of the affine maps before and after a group of units.

    Raises:
        ValueError: The group is not between one affine map and another.
    """
    incoming, outgoing = (group.of_role(role) for role in ("incoming", "outgoing"))
    names = [axis.module for axis in (*incoming, *outgoing)]
    if len(incoming) != 1 or len(outgoing) != 1 or not all(_is_affine(network, name) for name in names):
        raise ValueError(
            f"The units of {group.name} are not between two affine maps, so there is no gradient matrix for them: "
            "choose another growth.operator and growth.where=all"
        )
    return names[0], names[1]


def _is_affine(network: Network, module: str) -> bool:
    return isinstance(network.get_submodule(module), nn.Linear)


def gradient_directed(
    network: Network, group: UnitGroup, count: int, generator: torch.Generator, probe: Probe
) -> Widening:
    """Add units whose incoming weights point along the directions of the gradient, with zero fan-out.

    GradMax (Evci et al. 2022) sets the fan-in to zero and the fan-out to singular vectors; with relu'(0) = 0 both
    gradients are then zero for ever. This variant works with relu: zero fan-out, and fan-in A = +-v_i with v_i the
    right singular vectors of M (``gradient_directions``), the largest singular value first, both signs because relu
    passes one half of each direction. Units beyond twice the rank of M start at random, as with ``zero_fan_out``. All
    have the length that random ones have on average. The function is preserved exactly.

    Args:
        network: The network to grow; it is not changed.
        group: The units that get more of their kind.
        count: Number of new units, k.
        generator: Source of the random remainder, on the CPU.
        probe: Where the gradient is taken.

    Raises:
        ValueError: The units are not between two affine maps.
    """
    position = [found.name for found in network.unit_groups()].index(group.name)
    found = next(itertools.islice(gradient_directions(network, probe), position, None)).vectors
    # Divided by sqrt(3), the root mean square of a random row.
    directed = torch.stack([found, -found], dim=1).reshape(-1, found.shape[1])[:count] / 3**0.5
    rest_count = count - len(directed)
    [(weight, rest)] = random_incoming(network, group, rest_count, generator).items()
    born = {weight: torch.cat([directed[:, :-1], rest.double()])}
    for axis in group.of_role("bias"):
        born[axis.tensor] = torch.cat([directed[:, -1], directed.new_zeros(rest_count)])
    return Widening.of_born(network, group, count, born)


def _directions(inputs: Tensor, gradient: Tensor, is_normalised: bool) -> Directions:
    """Return the singular values and right singular vectors of the gradient matrix of one group, on the CPU.

    Args:
        inputs: Of the units [..., inputs]; may be written over.
        gradient: Of the mean loss with respect to the sums after the units [..., outputs].
        is_normalised: Whether batch norm follows the sums of the units.
    """
    inputs, gradient = (part.cpu().double().flatten(0, -2) for part in (inputs, gradient))
    if is_normalised:
        inputs -= inputs.mean(0)
    matrix = gradient.new_zeros(gradient.shape[1], inputs.shape[1] + 1)  # [outputs, inputs + 1]
    matrix[:, :-1] = gradient.T @ inputs
    if not is_normalised:
        matrix[:, -1] = gradient.sum(0)
    if not matrix.isfinite().all():  # the training has diverged, and reports it
        return Directions(matrix.new_zeros(0), matrix.new_zeros(0, matrix.shape[1]))
    # The smaller of the two Gram matrices has the same eigenvalues, and takes much less time than the singular values.
    squares, left = torch.linalg.eigh(matrix @ matrix.T)
    values = squares.clamp(min=0).sqrt().flip(0)
    values = values[values > RANK_TOLERANCE * values[0]]
    vectors = (left.flip(1)[:, : len(values)].T @ matrix).div_(values.unsqueeze(1))
    return Directions(values, vectors)
