"""What a loss gradient says about units that do not exist yet: where they help most, and with which inputs."""

import copy
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mnist_growth.growth.operators import random_incoming
from mnist_growth.growth.widening import Widening
from mnist_growth.network import Network, Recording, UnitGroup, record

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


def gradient_directions(network: Network, probe: Probe) -> Iterator[Directions | None]:
    """Find, for every group of units l, the singular vectors of M = E[d_{l+1} h_{l-1}^T].

    h_{l-1} are the inputs of the units with a 1 for the bias, d_{l+1} the gradient of the mean cross-entropy with
    respect to the sums that their outgoing weights form: M is the gradient of a weight matrix from the inputs of the
    group past it to the next layers. Batch norm, as in the training steps that follow, uses the statistics of the
    probe; it removes the mean of what a new unit sees, so h_{l-1} is centred and has no 1 there.

    Args:
        network: It is not changed.
        probe: Where the gradient is taken.

    Yields:
        The directions of each group, from the first on, computed when they are asked for, as they take much memory;
        None for a group that does not lie between affine maps.
    """
    twin = copy.deepcopy(network).train().requires_grad_(True)  # its running statistics may move
    places = {group.name: place for group in twin.unit_groups() if (place := _place_of(twin, group)) is not None}
    recorded, gradients = _inputs_and_gradients(twin, probe, list(places.values()))
    for group in twin.unit_groups():
        if group.name not in places:
            yield None
            continue
        before, after = places.pop(group.name)
        after_sums = torch.cat([gradients[name].cpu().double().flatten(0, -2) for name in after], dim=1)
        inputs = recorded.inputs[before].detach()
        needed = {name for place in places.values() for name in (place[0], *place[1])}
        for memory in (recorded.inputs, gradients):
            for name in memory.keys() - needed:
                del memory[name]
        yield _directions(inputs, after_sums, group.is_normalised)


_Place = tuple[str, tuple[str, ...]]
"""Names of the affine maps before and after a group of units."""


def _inputs_and_gradients(
    network: Network, probe: Probe, places: Sequence[_Place]
) -> tuple[Recording, dict[str, Tensor]]:
    """Return the inputs of the maps before the groups, and the gradient of the mean loss after the maps behind them."""
    befores = [before for before, _ in places]
    afters = list(dict.fromkeys(name for _, after in places for name in after))
    with torch.enable_grad(), record(network, inputs=befores, outputs=afters) as recorded:
        loss = F.cross_entropy(network(probe.images), probe.labels)
        sums = [recorded.outputs.pop(name) for name in afters]
        gradients = torch.autograd.grad(loss, sums) if sums else ()
    return recorded, dict(zip(afters, gradients, strict=True))


def _place_of(network: Network, group: UnitGroup) -> _Place | None:
    """Return where a group lies; None if that is not between one affine map and others."""
    incoming, outgoing = (group.of_role(role) for role in ("incoming", "outgoing"))
    modules = [network.get_submodule(axis.module) for axis in (*incoming, *outgoing)]
    has_wide_units = any(axis.entries > 1 for axis in group.axes)
    if len(incoming) != 1 or not outgoing or has_wide_units or not all(isinstance(m, nn.Linear) for m in modules):
        return None
    return incoming[0].module, tuple(axis.module for axis in outgoing)


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
        ValueError: The units do not lie between affine maps.
    """
    directions = next(itertools.islice(gradient_directions(network, probe), network.group_index(group), None))
    if directions is None:
        raise ValueError(
            f"The units of {group.name} do not lie between affine maps, so that there is no gradient matrix for them: "
            "choose another growth.operator"
        )
    found = directions.vectors
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
        gradient: Of the mean loss with respect to the sums after the units, float64 [N, outputs], on the CPU.
        is_normalised: Whether batch norm follows the sums of the units.
    """
    inputs = inputs.cpu().double().flatten(0, -2)
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
