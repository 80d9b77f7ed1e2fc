"""Widening a network and its moving average in the same way."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import torch

from mnist_growth.growth.config import GrowthConfig, OperatorName
from mnist_growth.growth.gradient import Probe, check_directions, gradient_directed
from mnist_growth.growth.operators import check_additive, net2net_split, paired, random_fan_in_and_out, zero_fan_out
from mnist_growth.growth.widening import Widening, widen
from mnist_growth.network import Network, UnitGroup

Operator = Callable[[Network, UnitGroup, int, torch.Generator], Widening]
"""Maps a network, one of its groups, a number of new units and a generator to a ``Widening``."""


_OPERATORS: Mapping[OperatorName, Operator] = {
    "zero_fan_out": zero_fan_out,
    "net2net_split": net2net_split,
    "paired": paired,
    "random": random_fan_in_and_out,
}


def operator_named(name: OperatorName, probe: Probe | None = None) -> Operator:
    """Return the operator of a name.

    Args:
        name: As in the parameters.
        probe: Images for ``gradient_directed``; the other operators need none.

    Raises:
        ValueError: ``gradient_directed`` has no probe.
    """
    if name != "gradient_directed":
        return _OPERATORS[name]
    if probe is None:
        raise ValueError("The operator gradient_directed measures a gradient: give it labelled images as a probe")
    return partial(gradient_directed, probe=probe)


def check_growth(config: GrowthConfig, network: Network) -> None:
    """Refuse an operator or a choice of groups that is not offered for all groups of units of a network.

    Args:
        config: Parameters of growth.
        network: At the start of a training that grows.

    Raises:
        ValueError: Names the group.
    """
    for group in network.unit_groups():
        if config.operator in ("paired", "net2net_split"):
            check_additive(group)
        elif config.operator == "gradient_directed":
            check_directions(network, group)
        if config.where == "largest_gain" and config.trigger != "plan":
            check_directions(network, group, "choose growth.where=all")


def widen_together(
    networks: Sequence[Network], counts: Sequence[int], operator: Operator, generator: torch.Generator
) -> tuple[list[Network], list[Widening]]:
    """Widen several networks of one shape in the same way, group by group.

    Args:
        networks: The network being trained first, then its moving average; none is changed.
        counts: Number of new units of each group, 0 for none.
        operator: Determines from the first network how a group widens.
        generator: Source of new weights, on the CPU.

    Returns:
        The wider networks, and the widenings in order, for ``GrowingAdamW.grow``.
    """
    grown = list(networks)
    widenings: list[Widening] = []
    for index, count in enumerate(counts):
        if count > 0:
            widening = operator(grown[0], grown[0].unit_groups()[index], count, generator)
            grown = [widen(network, widening) for network in grown]
            widenings.append(widening)
    return grown, widenings
