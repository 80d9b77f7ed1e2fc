"""How much each unit matters, and which units stay."""

import bisect
from collections.abc import Sequence
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mnist_growth.growth import Probe
from mnist_growth.network import Network, UnitGroup, evaluation_mode, record

ImportanceName = Literal["taylor", "variance"]


def activations(network: Network, group: UnitGroup, probe: Probe) -> Tensor:
    """Return the activations of a group, float64 [N, w e], with e entries per unit.

    Raises:
        ValueError: The units are not followed by affine maps.
    """
    axis = group.of_role("outgoing")[0]
    with torch.no_grad(), evaluation_mode(network), record(network, inputs=[_map_after(network, group)]) as recorded:
        network(probe.images)
    return recorded.inputs[axis.module].flatten(0, -2).double()


def importances(network: Network, probe: Probe, name: ImportanceName) -> list[Tensor]:
    """Return how much each unit matters, float64 [w] for each group; only the order counts.

    - ``taylor``: mean square of h dL/dh, the first-order change of an image's loss without the unit (Molchanov et al.
      2019, equation 8);
    - ``variance``: variance of what the unit contributes to the sums of the next layer, relative to their variance,
      averaged over the sums.

    Args:
        network: Used in evaluation mode; it is not changed.
        probe: Labelled training images.
        name: Which of them.
    """
    groups = network.unit_groups()
    if name == "taylor":
        return _taylor(network, groups, probe)
    return [_contribution(network, group, probe) for group in groups]


def _taylor(network: Network, groups: Sequence[UnitGroup], probe: Probe) -> list[Tensor]:
    modules = [_map_after(network, group) for group in groups]
    with torch.enable_grad(), evaluation_mode(network), record(network, inputs=modules) as recorded:
        pixels = probe.images.to(network.dtype).requires_grad_()  # so that every activation has a gradient
        loss = F.cross_entropy(network(pixels), probe.labels, reduction="sum")
        entries = [recorded.inputs[module] for module in modules]
        gradients = torch.autograd.grad(loss, entries)
    found = []
    for group, entry, gradient in zip(groups, entries, gradients, strict=True):
        products = (entry.detach() * gradient).double()
        products = products.reshape(len(products), -1, group.size, products.shape[-1] // group.size).sum((1, 3))
        found.append(products.square().mean(0))
    return found


def _contribution(network: Network, group: UnitGroup, probe: Probe) -> Tensor:
    covariance = activations(network, group, probe).T.cov(correction=0)
    total = torch.zeros_like(covariance[0])
    for axis in group.of_role("outgoing"):
        weights = network.state_dict()[axis.tensor].movedim(axis.axis, -1).flatten(0, -2).double()
        sums = (weights @ covariance * weights).sum(1)  # variance of each sum of the next layer
        shares = weights.square() / sums.clamp(min=torch.finfo(sums.dtype).tiny).unsqueeze(1)
        total += covariance.diagonal() * shares.mean(0)
    return total.reshape(group.size, -1).sum(1)


def units_to_keep(network: Network, importance: Sequence[Tensor], share: float, min_units: int) -> list[Tensor]:
    """Return which units of each group stay, int64 [k], on the CPU.

    The units of all groups are compared by their importance per multiply-add.

    Args:
        network: Its groups are narrowed together.
        importance: Result of ``importances``.
        share: Share of all units that stays, in (0, 1].
        min_units: Smallest number of units of a group; a group that has fewer keeps all.
    """
    return _most_important(
        network, _per_multiply_add(network, importance, min_units), round(share * sum(network.widths))
    )


def units_within(network: Network, importance: Sequence[Tensor], multiply_adds: int, min_units: int) -> list[Tensor]:
    """Return which units of each group stay, int64 [k], so that the network costs at most some multiply-adds.

    As ``units_to_keep``, with the largest share that is affordable. If not even ``min_units`` of each group are, these
    stay.

    Args:
        network: Its groups are narrowed together.
        importance: Result of ``importances``.
        multiply_adds: Of the forward pass of one image.
        min_units: Smallest number of units of a group; a group that has fewer keeps all.
    """
    ranked = _per_multiply_add(network, importance, min_units)

    def cost(count: int) -> int:
        kept = _most_important(network, ranked, count)
        return network.spec.with_widths([len(units) for units in kept]).forward_multiply_adds

    counts = range(sum(network.widths) + 1)  # the more units, the more multiply-adds
    affordable = bisect.bisect_right(counts, multiply_adds, key=cost)
    return _most_important(network, ranked, max(0, affordable - 1))


def _per_multiply_add(network: Network, importance: Sequence[Tensor], min_units: int) -> list[Tensor]:
    """Return the importance of each unit per multiply-add; infinite for the best ``min_units`` of each group."""
    spec = network.spec
    ranked = []
    for group, values in enumerate(importance):
        fewer = spec.with_widths([width - (index == group) for index, width in enumerate(spec.widths)])
        cost = spec.forward_multiply_adds - fewer.forward_multiply_adds
        per_cost = values.cpu() / cost
        per_cost[per_cost.argsort(descending=True, stable=True)[:min_units]] = torch.inf
        ranked.append(per_cost)
    return ranked


def _most_important(network: Network, ranked: Sequence[Tensor], count: int) -> list[Tensor]:
    """Return the most important units of all groups, and at least those of infinite importance."""
    values, widths = torch.cat(list(ranked)), list(network.widths)
    best = values.argsort(descending=True, stable=True)[: max(count, int(values.isinf().sum()))]
    stays = torch.zeros(len(values), dtype=torch.bool).index_fill_(0, best, True)
    return [part.nonzero().flatten() for part in torch.split(stays, widths)]


def _map_after(network: Network, group: UnitGroup) -> str:
    """Return the name of an affine map that takes the units of a group in: its inputs are their activations."""
    axes = group.of_role("outgoing")
    if not axes or not isinstance(network.get_submodule(axes[0].module), nn.Linear):
        raise ValueError(
            f"The units of {group.name} are not followed by affine maps: their contribution is not defined, and they "
            "cannot be pruned"
        )
    return axes[0].module
