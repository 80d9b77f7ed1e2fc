"""Small networks of every kind, for the tests of what holds for all of them. A new kind is another entry here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import get_args

from bypass_network import BypassSpec
from mnist_growth.growth import OperatorName
from mnist_growth.network import AttentionSpec, CapsulesSpec, MLPSpec, NetworkSpec, ResidualSpec

OPERATORS: tuple[OperatorName, ...] = get_args(OperatorName)


@dataclass(frozen=True)
class Example:
    """A small network.

    Attributes:
        name: Of the test cases.
        spec: Usual widths of 5 to 20: with one or two units, BLAS takes other kernels and rounds in another way.
        refused: Operators that are not offered, by the name of the group of units.
    """

    name: str
    spec: NetworkSpec
    refused: Mapping[str, tuple[OperatorName, ...]] = field(default_factory=dict)


EXAMPLES = (
    Example("mlp", MLPSpec(hidden_widths=(7, 6, 5), batch_norm=True)),
    Example("mlp-without-norm", MLPSpec(hidden_widths=(7, 6), batch_norm=False)),
    Example("residual", ResidualSpec(stream_width=6, block_widths=(7, 5))),
    Example(
        "capsules",
        CapsulesSpec(hidden_widths=(7,), primary_capsules=6, primary_size=3, digit_size=4, routing_iterations=3),
        refused={"primary": ("net2net_split", "paired")},
    ),
    Example(
        "capsules-once-routed",
        CapsulesSpec(hidden_widths=(), primary_capsules=6, primary_size=3, digit_size=4, routing_iterations=1),
    ),
    Example(
        "attention",
        AttentionSpec(
            patch_side=14,
            stream_width=6,
            head_width=2,
            neurons_per_head=3,
            heads=(3, 2),
            feed_forward_widths=(7, 5),
        ),
        refused={f"blocks.{block}.attention": ("gradient_directed",) for block in range(2)},
    ),
    Example("bypass", BypassSpec(sizes=(7, 5))),
)


@dataclass(frozen=True)
class Growth:
    """One group of units of an example, and an operator that widens it."""

    example: Example
    group: int
    operator: OperatorName

    def __str__(self) -> str:
        return f"{self.example.name}-{self.group}-{self.operator}"


def growths(*operators: OperatorName) -> list[Growth]:
    """All groups of all examples with the operators that are offered for them."""
    return [growth for growth in _combinations(operators) if not _is_refused(growth)]


def refused_growths() -> list[Growth]:
    """All groups of all examples with the operators that are not offered for them."""
    return [growth for growth in _combinations(OPERATORS) if _is_refused(growth)]


def _combinations(operators: tuple[OperatorName, ...]) -> list[Growth]:
    return [
        Growth(example, group, operator)
        for example in EXAMPLES
        for group in range(len(example.spec.widths))
        for operator in operators
    ]


def _is_refused(growth: Growth) -> bool:
    from laboratory import Laboratory

    group = Laboratory().build(growth.example.spec).unit_groups()[growth.group]
    return growth.operator in growth.example.refused.get(group.name, ())
