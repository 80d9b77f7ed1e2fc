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
"""Singular values below this fraction of the largest one are rounding error."""


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
    """Compute for every group of units l the singular vectors of M = sum_n d_{l+1} h_{l-1}^T over the images n.

    h_{l-1} are the inputs of the units with a 1 for the bias, d_{l+1} the gradient of the mean cross-entropy with
    respect to the pre-activations of the next layers. M is the gradient that a weight matrix would have if it connected
    the inputs of the group directly to the next layers, bypassing the group. Batch norm, as in training, uses the
    statistics of the probe. It removes the mean of what a new unit receives, so there h_{l-1} is centred and has no 1.

    Args:
        network: It is not changed.
        probe: Labelled images on which the gradient is measured.

    Yields:
        The directions of each group, in order, computed on demand because they need much memory; None for a group that
        does not lie between affine maps.
    """
    for matrix in _gradient_matrices(network, probe):
        yield None if matrix is None else _directions(matrix)


def gradient_values(network: Network, probe: Probe) -> list[Tensor | None]:
    """Return the singular values of each group, which take less time than ``gradient_directions``.

    Args:
        network: It is not changed.
        probe: Labelled images on which the gradient is measured.

    Returns:
        For each group its ``Directions.values``; None if it does not lie between affine maps.
    """
    return [
        None if matrix is None else _values_of(torch.linalg.eigvalsh(_squared(matrix)))
        for matrix in _gradient_matrices(network, probe)
    ]


def _gradient_matrices(network: Network, probe: Probe) -> Iterator[Tensor | None]:
    """Yield M of each group of units, float64 [outputs, inputs + 1] on the CPU, or None; see ``gradient_directions``.

    The last column is 0 with batch norm.
    """
    twin = copy.deepcopy(network).train().requires_grad_(True)  # its running statistics may change
    neighbours = {
        group.name: found for group in twin.unit_groups() if (found := _neighbours_of(twin, group)) is not None
    }
    recorded, gradients = _inputs_and_gradients(twin, probe, list(neighbours.values()))
    for group in twin.unit_groups():
        if group.name not in neighbours:
            yield None
            continue
        before, after = neighbours.pop(group.name)
        gradient = torch.cat([gradients[name].cpu().double().flatten(0, -2) for name in after], dim=1)
        inputs = recorded.inputs[before].detach()
        needed = {name for before, after in neighbours.values() for name in (before, *after)}
        for tensors in (recorded.inputs, gradients):
            for name in tensors.keys() - needed:
                del tensors[name]
        yield _gradient_matrix(inputs, gradient, group.is_normalised)


_Neighbours = tuple[str, tuple[str, ...]]
"""Names of the affine maps before and after a group of units."""


def _inputs_and_gradients(
    network: Network, probe: Probe, neighbours: Sequence[_Neighbours]
) -> tuple[Recording, dict[str, Tensor]]:
    """Return the inputs of the maps before the groups, and the gradient at the outputs of the maps after them."""
    befores = [before for before, _ in neighbours]
    afters = list(dict.fromkeys(name for _, after in neighbours for name in after))
    with torch.enable_grad(), record(network, inputs=befores, outputs=afters) as recorded:
        loss = F.cross_entropy(network(probe.images), probe.labels)
        outputs = [recorded.outputs.pop(name) for name in afters]
        gradients = torch.autograd.grad(loss, outputs) if outputs else ()
    return recorded, dict(zip(afters, gradients, strict=True))


def _neighbours_of(network: Network, group: UnitGroup) -> _Neighbours | None:
    """Return the maps around a group; None if it does not lie between affine maps.

    If several maps lead to the units, it is the first one, which all maps after the units follow: the directions are
    those of units with inputs from there only.
    """
    incoming, outgoing = (group.of_role(role) for role in ("incoming", "outgoing"))
    modules = [network.get_submodule(axis.module) for axis in (*incoming, *outgoing)]
    # The entries of an attention head take part in products; those of a capsule are scaled together.
    are_products = any(axis.entries > 1 for axis in group.axes) and not group.is_odd
    if not incoming or not outgoing or are_products or not all(isinstance(m, nn.Linear) for m in modules):
        return None
    return incoming[0].module, tuple(axis.module for axis in outgoing)


def gradient_directed(
    network: Network, group: UnitGroup, count: int, generator: torch.Generator, probe: Probe
) -> Widening:
    """Add units whose incoming weights point along the directions of the gradient, with zero fan-out.

    GradMax (Evci et al. 2022) sets the fan-in to zero and the fan-out to singular vectors; with relu'(0) = 0 both
    gradients are then always zero. This variant works with relu: zero fan-out, and fan-in A = +-v_i with v_i the right
    singular vectors of M (``gradient_directions``), the largest singular value first, both signs because relu passes
    one half of each direction. Units whose outputs change sign with their sums need one sign only, and a unit of
    several entries gets as many directions. Units beyond these directions start at random, as with ``zero_fan_out``.
    The norm of every v_i is scaled to the root-mean-square norm of a random row. If several affine maps lead to the
    units, v_i is for the first one, and the directed units have no inputs from the others at first. The function is
    preserved exactly.

    Args:
        network: The network to grow; it is not changed.
        group: The group of units to widen.
        count: Number of new units, k.
        generator: Source of the random remainder, on the CPU.
        probe: Labelled images on which the gradient is measured.

    Raises:
        ValueError: The units do not lie between affine maps.
    """
    check_directions(network, group)
    directions = next(itertools.islice(gradient_directions(network, probe), network.group_index(group), None))
    assert directions is not None
    found = directions.vectors
    # A row of `random_incoming` has the root-mean-square norm 1 / sqrt(3).
    signed = found if group.is_odd else torch.stack([found, -found], dim=1).reshape(-1, found.shape[1])
    entries = group.of_role("incoming")[0].entries
    rest_count = max(0, count - len(signed) // entries)
    directed = signed[: (count - rest_count) * entries] / 3**0.5
    new = {}
    for position, (weight, rest) in enumerate(random_incoming(network, group, rest_count, generator).items()):
        inputs = directed[:, :-1] if position == 0 else directed.new_zeros(len(directed), rest.shape[1])
        new[weight] = torch.cat([inputs, rest.double()])
    for axis in group.of_role("bias"):
        new[axis.tensor] = torch.cat([directed[:, -1], directed.new_zeros(rest_count * entries)])
    return Widening.of_new(network, group, count, new)


def check_directions(network: Network, group: UnitGroup, advice: str = "choose another growth.operator") -> None:
    """Refuse to direct units by a gradient that there is not, or to compare groups by it.

    Args:
        network: To be widened.
        group: One of its groups of units.
        advice: What to do instead.

    Raises:
        ValueError: The units do not lie between affine maps.
    """
    if _neighbours_of(network, group) is None:
        raise ValueError(
            f"The units of {group.name} do not lie between affine maps, so there is no gradient matrix for them; "
            f"{advice}"
        )


def _gradient_matrix(inputs: Tensor, gradient: Tensor, is_normalised: bool) -> Tensor:
    """Return the gradient matrix of one group, float64 [outputs, inputs + 1], on the CPU.

    Args:
        inputs: Inputs of the units, float [..., inputs]; may be overwritten.
        gradient: Gradient of the mean loss with respect to the pre-activations of the next layers, float64
            [N, outputs], on the CPU.
        is_normalised: Whether batch norm is applied to the pre-activations of the units.
    """
    inputs = inputs.cpu().double().flatten(0, -2)
    if is_normalised:
        inputs -= inputs.mean(0)
    matrix = gradient.new_zeros(gradient.shape[1], inputs.shape[1] + 1)
    matrix[:, :-1] = gradient.T @ inputs
    if not is_normalised:
        matrix[:, -1] = gradient.sum(0)
    return matrix


def _directions(matrix: Tensor) -> Directions:
    """Return the singular values and right singular vectors of a gradient matrix."""
    # The eigenvectors of M M^T, usually the smaller Gram matrix, take much less time than an SVD of M.
    squares, left = torch.linalg.eigh(_squared(matrix))
    values = _values_of(squares)
    vectors = (left.flip(1)[:, : len(values)].T @ matrix).div_(values.unsqueeze(1))
    return Directions(values, vectors)


def _squared(matrix: Tensor) -> Tensor:
    """Return M M^T; zeros if the training has diverged, which it reports itself."""
    return matrix @ matrix.T if matrix.isfinite().all() else matrix.new_zeros(len(matrix), len(matrix))


def _values_of(squares: Tensor) -> Tensor:
    """Return the singular values, the largest first, of their squares in ascending order."""
    values = squares.clamp(min=0).sqrt().flip(0)
    return values[values > RANK_TOLERANCE * values[0]]
