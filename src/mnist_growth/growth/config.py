"""Parameters of growth."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from mnist_growth.config_model import ConfigModel
from mnist_growth.network import Width

OperatorName = Literal["zero_fan_out", "net2net_split", "paired", "gradient_directed", "random"]
TriggerName = Literal["schedule", "plateau", "budget", "plan"]
PlaceName = Literal["all", "largest_gain"]


class Stage(ConfigModel):
    """Neurons of the groups of units from one epoch on.

    Attributes:
        epoch: Number of epochs completed before this stage.
        neurons: One width for all groups, or one width per group, in order. If there are more widths than groups, new
            layers are added after the last one. A group whose units have several neurons is as wide as their sum.
    """

    epoch: Annotated[int, Field(ge=1)]
    neurons: Width | Annotated[tuple[Width, ...], Field(strict=False)]

    def widths(self, before: Sequence[int], groups_per_layer: int | None = None) -> tuple[int, ...]:
        """Return the width of each group.

        Args:
            before: Widths before the stage.
            groups_per_layer: Groups that a new layer has; None if that is not known: new layers are then not checked.

        Raises:
            ValueError: There are fewer widths than groups, a width decreases, or a new layer is incomplete.
        """
        after = (self.neurons,) * len(before) if isinstance(self.neurons, int) else self.neurons
        if len(after) < len(before):
            raise ValueError(
                f"Parameter 'growth.plan' has {len(after)} widths at epoch {self.epoch}, but the network has "
                f"{len(before)} groups of units by then; give one width for each, more to add layers, or one for all."
            )
        added = len(after) - len(before)
        if groups_per_layer is not None and added % groups_per_layer:
            raise ValueError(
                f"Parameter 'growth.plan' has {len(after)} widths at epoch {self.epoch} after {len(before)}, but a new "
                f"layer of this network has {groups_per_layer} groups of units; give one width for each of them."
            )
        # A new layer computes the identity at first: it starts as wide as the last one.
        new = (
            after[len(before) :]
            if groups_per_layer is None
            else tuple(before[-groups_per_layer:]) * (added // groups_per_layer)
        )
        extended = (*before, *new)
        if any(new < old for old, new in zip(extended, after, strict=True)):
            raise ValueError(
                f"Parameter 'growth.plan' has the widths {_joined(after)} at epoch {self.epoch} after "
                f"{_joined(before)}; no width may decrease, and a new layer must be at least as "
                "wide as the previous last layer was before this stage."
            )
        return after


def _joined(widths: Sequence[int]) -> str:
    return "-".join(map(str, widths))


class GrowthConfig(ConfigModel):
    """The ``growth`` section of the parameters: when, where and how the network grows."""

    initial_neurons: Width
    growth_rate: Width
    growth_epochs: Annotated[int, Field(ge=1)]
    max_neurons: Width
    operator: OperatorName
    trigger: TriggerName
    plateau_improvement: Annotated[float, Field(ge=0, lt=1)]
    plateau_epochs: Annotated[int, Field(ge=1)]
    cooldown_epochs: Annotated[int, Field(ge=1)]
    budget_multiply_adds: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None
    plan: Annotated[tuple[Stage, ...], Field(strict=False)]
    where: PlaceName
    new_unit_warmup_epochs: Annotated[float, Field(ge=0)]
    new_unit_learning_rate_scale: Annotated[float, Field(gt=0, le=100)]

    @model_validator(mode="after")
    def _room_to_grow(self) -> Self:
        if self.max_neurons < self.initial_neurons:
            raise ValueError(
                f"Parameter 'growth.max_neurons' is {self.max_neurons}, less than 'growth.initial_neurons', "
                f"{self.initial_neurons}; increase the first or decrease the second."
            )
        return self

    @model_validator(mode="after")
    def _budget_is_given(self) -> Self:
        if self.trigger == "budget" and self.budget_multiply_adds is None:
            raise ValueError(
                "Parameter 'growth.trigger' is 'budget', but 'growth.budget_multiply_adds' is null; set it to the "
                "multiply-adds that the training may take, such as 1e12."
            )
        return self

    @model_validator(mode="after")
    def _plan_goes_up(self) -> Self:
        if self.trigger == "plan" and not self.plan:
            raise ValueError(
                "Parameter 'growth.trigger' is 'plan', but 'growth.plan' is empty; add stages or change the trigger."
            )
        if self.plan and self.trigger != "plan":
            raise ValueError(
                f"Parameter 'growth.plan' has stages, but 'growth.trigger' is {self.trigger!r} and does not use them; "
                "set growth.trigger=plan or remove the stages."
            )
        epochs = [0, *(stage.epoch for stage in self.plan)]
        if any(later <= earlier for earlier, later in pairwise(epochs)):
            raise ValueError(
                f"Parameter 'growth.plan' has stages at the epochs {epochs[1:]}; list each epoch once, in increasing "
                "order."
            )
        # The number of layers at the start is not known here: one that no stage contradicts is assumed.
        numbers = [len(stage.neurons) for stage in self.plan if not isinstance(stage.neurons, int)]
        widths: tuple[int, ...] = (self.initial_neurons,) * min(numbers, default=1)
        for stage in self.plan:
            widths = stage.widths(widths)
        if max(widths) > self.max_neurons:
            raise ValueError(
                f"Parameter 'growth.plan' ends with the widths {_joined(widths)}, but 'growth.max_neurons' is "
                f"{self.max_neurons}; increase it or choose smaller widths."
            )
        return self


def without_growth(config: GrowthConfig) -> GrowthConfig:
    """Return parameters with which no network grows: a schedule whose largest width none is below."""
    return config.model_copy(update={"trigger": "schedule", "plan": (), "initial_neurons": 1, "max_neurons": 1})
