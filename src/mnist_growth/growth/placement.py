"""Where the network grows: how many units each group gains."""

from collections.abc import Sequence
from dataclasses import dataclass

from mnist_growth.growth.config import GrowthConfig
from mnist_growth.network import NetworkSpec


def neurons_to_add(spec: NetworkSpec, neurons: int, config: GrowthConfig, gains: Sequence[float]) -> list[int]:
    """Return the number of units that each group gains.

    - ``all``: every group is widened to ``neurons`` neurons;
    - ``largest_gain``: the group with the largest gain per added parameter is widened until the network costs as many
      multiply-adds as if all groups had ``neurons`` neurons. A group stops at ``max_neurons``; the next one gets the
      rest. Both settings therefore cost the same, and a budget is met with either.

    A unit of several neurons is only added as a whole.

    Args:
        spec: Current spec of the network.
        neurons: New number of neurons of all groups, or the common number whose cost is spent.
        config: Where to grow, and the largest width.
        gains: Gain of each group per added parameter; not used for ``all``.
    """
    widths = spec.widths
    equal = spec.with_equal_neurons(neurons)
    if config.where == "all":
        return [max(new - old, 0) for new, old in zip(equal.widths, widths, strict=True)]
    after = list(widths)
    target = equal.forward_multiply_adds
    most = spec.with_equal_neurons(config.max_neurons).widths
    for group in sorted(range(len(widths)), key=lambda group: -gains[group]):
        grown = spec.with_widths(after)
        affordable = (target - grown.forward_multiply_adds) // _unit_cost(grown, group).multiply_adds
        after[group] += max(0, min(affordable, most[group] - after[group]))
    return [new - old for new, old in zip(after, widths, strict=True)]


def equal_width(spec: NetworkSpec) -> int:
    """Return the common number of neurons of all groups whose forward multiply-adds are closest to those of a network.

    Args:
        spec: Spec of the network.
    """
    cost = spec.forward_multiply_adds
    candidates = range(min(spec.neurons), max(spec.neurons) + 1)
    return min(candidates, key=lambda neurons: abs(spec.with_equal_neurons(neurons).forward_multiply_adds - cost))


def parameters_of_a_unit(spec: NetworkSpec, group: int) -> int:
    """Return the number of trainable parameters that one more unit of a group brings.

    Args:
        spec: Spec of the network.
        group: Zero-based index of the group.
    """
    return _unit_cost(spec, group).parameters


def multiply_adds_of_a_unit(spec: NetworkSpec, group: int) -> int:
    """Return the multiply-adds of the forward pass of one image that one more unit of a group brings.

    Args:
        spec: Spec of the network.
        group: Zero-based index of the group.
    """
    return _unit_cost(spec, group).multiply_adds


@dataclass(frozen=True)
class _UnitCost:
    """Cost of one more unit."""

    multiply_adds: int
    parameters: int


def _unit_cost(spec: NetworkSpec, group: int) -> _UnitCost:
    """Return the difference of the costs with and without one more unit of a group."""
    wider = spec.with_widths([width + (index == group) for index, width in enumerate(spec.widths)])
    return _UnitCost(
        multiply_adds=wider.forward_multiply_adds - spec.forward_multiply_adds,
        parameters=wider.parameter_count - spec.parameter_count,
    )
