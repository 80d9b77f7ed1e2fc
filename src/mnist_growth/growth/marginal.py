"""Widening layer by layer: each time that with the largest gain per multiply-add."""

from collections.abc import Sequence

from mnist_growth.growth.placement import multiply_adds_of_a_unit
from mnist_growth.network import NetworkSpec


def widths_within(
    spec: NetworkSpec, gains: Sequence[float], multiply_adds: int, max_width: int, step: int
) -> tuple[int, ...]:
    """Return the widths of the groups after repeatedly widening the one with the largest gain per multiply-add.

    One more unit is expected to gain what the units of its group contribute on average. The sum of the contributions is
    expected to stay the same, so that the gain per unit decreases as the group becomes wider. The widening ends when
    the next step would cost more than what may be spent, or when all groups have the largest width.

    Args:
        spec: Current spec of the network.
        gains: Sum of the contributions of the units of each group, such as their importances.
        multiply_adds: Largest number of multiply-adds of the forward pass of one image.
        max_width: Largest number of units of a group.
        step: Number of units by which a group is widened at a time.
    """
    grown = spec
    while True:
        widths = grown.widths
        can_widen = [group for group, width in enumerate(widths) if width + step <= max_width]
        if not can_widen:
            return widths
        per_cost = {
            group: gains[group] / (widths[group] * multiply_adds_of_a_unit(grown, group)) for group in can_widen
        }
        best = max(can_widen, key=per_cost.__getitem__)
        wider = grown.with_widths([width + step * (group == best) for group, width in enumerate(widths)])
        if wider.forward_multiply_adds > multiply_adds:
            return widths
        grown = wider
