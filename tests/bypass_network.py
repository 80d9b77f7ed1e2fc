"""A second kind of network, which only the tests know: its first hidden layer also feeds the output directly."""

from collections.abc import Sequence
from typing import Annotated, Literal, Self

import torch
from pydantic import Field
from torch import Tensor, nn

from mnist_growth.digits import PixelStatistics
from mnist_growth.network import (
    PIXELS,
    LayerCost,
    Network,
    NetworkConfig,
    NetworkKind,
    NetworkSpec,
    UnitAxis,
    UnitGroup,
    Width,
    register_kind,
)


class BypassSpec(NetworkSpec):
    kind: Literal["bypass"] = "bypass"
    sizes: Annotated[tuple[Width, ...], Field(min_length=2, max_length=2)]

    @property
    def widths(self) -> tuple[int, ...]:
        return self.sizes

    def with_widths(self, widths: Sequence[int]) -> Self:
        if len(widths) != 2:
            raise ValueError(f"A bypass network has 2 groups of units, not {len(widths)}")
        return self.model_copy(update={"sizes": tuple(widths)})

    def costs(self) -> tuple[LayerCost, ...]:
        first, second = self.sizes
        shapes = [(PIXELS, first), (first, second), (second, self.classes)]
        return tuple(
            LayerCost.of(
                number,
                f"map {number}",
                fan_in,
                fan_out,
                parameters=(fan_in + 1) * fan_out + (first * self.classes if number == 3 else 0),
                multiply_adds=fan_in * fan_out + (first * self.classes if number == 3 else 0),
                activations=fan_out + (PIXELS if number == 1 else 0),
            )
            for number, (fan_in, fan_out) in enumerate(shapes, start=1)
        )


class BypassConfig(NetworkConfig):
    kind: Literal["bypass"]

    def spec(self, neurons: int) -> BypassSpec:
        return BypassSpec(sizes=(neurons, neurons))


class Bypass(Network):
    """C relu(B relu(A x + a) + b) + c + D relu(A x + a)."""

    def __init__(self, spec: BypassSpec, pixels: PixelStatistics, generator: torch.Generator | None = None) -> None:
        super().__init__(pixels)
        first, second = spec.sizes
        self.first = nn.Linear(PIXELS, first)
        self.second = nn.Linear(first, second)
        self.last = nn.Linear(second, spec.classes)
        self.bypass = nn.Linear(first, spec.classes, bias=False)
        for parameter in self.parameters():
            fan_in = parameter.shape[-1]
            nn.init.uniform_(parameter, -(fan_in**-0.5), fan_in**-0.5, generator)

    @property
    def spec(self) -> BypassSpec:
        return BypassSpec(sizes=(self.first.out_features, self.second.out_features), classes=self.last.out_features)

    def forward(self, images: Tensor) -> Tensor:
        first = torch.relu(self.first(self.normalised(images)))
        logits: Tensor = self.last(torch.relu(self.second(first))) + self.bypass(first)
        return logits

    def unit_groups(self) -> tuple[UnitGroup, ...]:
        first, second = self.widths
        return (
            UnitGroup(
                "first",
                first,
                (
                    UnitAxis("first.weight", 0, "incoming"),
                    UnitAxis("first.bias", 0, "bias"),
                    UnitAxis("second.weight", 1, "outgoing"),
                    UnitAxis("bypass.weight", 1, "outgoing"),
                ),
            ),
            UnitGroup(
                "second",
                second,
                (
                    UnitAxis("second.weight", 0, "incoming"),
                    UnitAxis("second.bias", 0, "bias"),
                    UnitAxis("last.weight", 1, "outgoing"),
                ),
            ),
        )


register_kind(NetworkKind("bypass", BypassConfig, BypassSpec, Bypass))
