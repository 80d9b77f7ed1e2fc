"""What a loss gradient says about units that are not there yet: where they are missed, and what they should see."""

import copy
import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mnist_growth.network.mlp import GrowingMLP
from mnist_growth.network.operators import uniform
from mnist_growth.network.widening import Widening

RANK_TOLERANCE = 1e-5
"""Singular values below this share of the largest one are rounding."""


@dataclass(frozen=True)
class Probe:
    """Labelled images on which the gradient is measured.

    Attributes:
        images: uint8 or float [B, 28, 28] on the 0-255 scale, at least 2, on the device of the network.
        labels: int64 [B], likewise.
    """

    images: Tensor
    labels: Tensor


@dataclass(frozen=True)
class Directions:
    """The singular values and right singular vectors of a layer's gradient matrix.

    Attributes:
        values: float64 [r], positive, the largest first.
        vectors: float64 [r, inputs + 1], rows of unit length; the last entry belongs to the bias. With batch norm,
            which has no use for a bias, it is 0.
    """

    values: Tensor
    vectors: Tensor


def gradient_gain(values: Tensor, count: int) -> float:
    """Sum of the largest ``count`` squared singular values of a layer's gradient matrix.

    The largest squared norm that the gradient of so many new units' fan-out can have in the linearised network
    (Evci et al. 2022, "GradMax", section 3.1).
    """
    return float(values[:count].square().sum())


def gradient_directions(network: GrowingMLP, probe: Probe) -> Iterator[Directions]:
    """For every hidden layer l, the singular vectors of M = E[d_{l+1} h_{l-1}^T].

    h_{l-1} are the layer's inputs with a 1 for the bias, d_{l+1} the gradient of the mean cross-entropy with respect
    to the sums that the next layer's weights form: M is the gradient of a weight matrix that led from the inputs of
    the layer past it to the next one. Batch norm, as in the training steps that follow, uses the statistics of the
    probe; it takes the mean out of what a new unit sees, so h_{l-1} is centred and has no 1 there.

    Args:
        network: it is not changed.
        probe: where the gradient is taken.

    Yields:
        Those of each hidden layer, from the first on; made when they are asked for, as they take much memory.
    """
    inputs, gradients = _inputs_and_gradients(network, probe)
    while len(gradients) > 1:
        yield _directions(inputs.pop(0), gradients.pop(1), network.batch_norm)


def _inputs_and_gradients(network: GrowingMLP, probe: Probe) -> tuple[list[Tensor], list[Tensor]]:
    """What the weights of each layer see, and the gradient of the mean loss with respect to what they sum up."""
    twin = copy.deepcopy(network).train().requires_grad_(True)  # its running statistics may move
    inputs: list[Tensor] = []
    sums: list[Tensor] = []

    def watch(_: nn.Module, given: tuple[Tensor, ...], result: Tensor) -> None:
        inputs.append(given[0].detach())
        sums.append(result)

    for layer in twin.linear_layers():
        layer.register_forward_hook(watch)
    with torch.enable_grad():
        loss = F.cross_entropy(twin(probe.images), probe.labels)
        return inputs, list(torch.autograd.grad(loss, sums))


def gradient_directed(
    network: GrowingMLP, layer: int, count: int, generator: torch.Generator, probe: Probe
) -> Widening:
    """New units that look along the directions in which the gradient misses them, with zero fan-out.

    GradMax (Evci et al. 2022) sets the fan-in to zero and the fan-out to singular vectors; with relu'(0) = 0 both
    gradients are then zero for ever. This variant works with relu: zero fan-out, and fan-in A = +-v_i with v_i the
    right singular vectors of M (``gradient_directions``), the largest singular value first, both signs because relu
    sees one half of each direction. Units beyond twice the rank of M start at random, as with ``zero_fan_out``. All
    have the length that random ones have on average. The function is preserved exactly.

    Args:
        network: the network to grow; it is not changed.
        layer: zero-based index of the hidden layer.
        count: number of new units, k.
        generator: source of the random remainder, on the CPU.
        probe: where the gradient is taken.
    """
    incoming, outgoing = network.linear_layers()[layer : layer + 2]
    found = next(itertools.islice(gradient_directions(network, probe), layer, None)).vectors
    directed = (
        torch.stack([found, -found], dim=1).reshape(-1, found.shape[1])[:count] / 3**0.5
    )  # r.m.s. of a random row
    rest = uniform(count - len(directed), incoming.in_features, incoming.in_features, generator).double()
    fan_in = torch.cat([directed[:, :-1], rest])
    bias = torch.cat([directed[:, -1], rest.new_zeros(len(rest))])
    return Widening.of_born(network, layer, fan_in, bias, torch.zeros(outgoing.out_features, count))


def _directions(seen: Tensor, told: Tensor, batch_norm: bool) -> Directions:
    """Singular values and right singular vectors of the gradient matrix of one layer, on the CPU.

    Args:
        seen: inputs of the layer [B, inputs]; may be written over.
        told: gradient with respect to the next layer's sums [B, outputs], of the mean loss.
        batch_norm: whether the layer has batch norm.
    """
    seen, told = seen.cpu().double(), told.cpu().double()
    if batch_norm:
        seen -= seen.mean(0)
    matrix = told.new_zeros(told.shape[1], seen.shape[1] + 1)  # [outputs, inputs + 1]
    matrix[:, :-1] = told.T @ seen
    if not batch_norm:
        matrix[:, -1] = told.sum(0)
    if not matrix.isfinite().all():  # the training has diverged, and says so itself
        return Directions(matrix.new_zeros(0), matrix.new_zeros(0, matrix.shape[1]))
    # The smaller of the two Gram matrices has the same eigenvalues, and takes much less time than the singular values.
    squares, left = torch.linalg.eigh(matrix @ matrix.T)
    values = squares.clamp(min=0).sqrt().flip(0)
    values = values[values > RANK_TOLERANCE * values[0]]
    vectors = (left.flip(1)[:, : len(values)].T @ matrix).div_(values.unsqueeze(1))
    return Directions(values, vectors)
