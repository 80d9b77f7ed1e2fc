"""Parameters of the network and of its growth."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from mnist_growth.config_model import ConfigModel

OperatorName = Literal["zero_fan_out", "net2net_split", "paired", "gradient_directed", "random"]
TriggerName = Literal["schedule", "plateau", "budget", "plan"]
Width = Annotated[int, Field(ge=1, le=65536)]
PlaceName = Literal["all", "largest_gain"]


class NetworkConfig(ConfigModel):
    """Architecture that does not change while the network grows."""

    hidden_layers: Annotated[int, Field(ge=1, le=16)]
    batch_norm: bool


class Stage(ConfigModel):
    """Widths that the hidden layers have from an epoch on.

    Attributes:
        epoch: so many epochs are done before.
        neurons: of every hidden layer, or of each of them, the first one first.
    """

    epoch: Annotated[int, Field(ge=1)]
    neurons: Width | Annotated[tuple[Width, ...], Field(strict=False)]

    def widths(self, hidden_layers: int) -> tuple[int, ...]:
        """One width for each hidden layer.

        Raises:
            ValueError: there are not so many.
        """
        if isinstance(self.neurons, int):
            return (self.neurons,) * hidden_layers
        if len(self.neurons) != hidden_layers:
            raise ValueError(
                f"growth.plan has {len(self.neurons)} widths at epoch {self.epoch} and the network has "
                f"{hidden_layers} hidden layers: give one width for each, or a single one for all"
            )
        return self.neurons


class GrowthConfig(ConfigModel):
    """When the hidden layers widen, by how much, and how the new neurons start."""

    initial_neurons: Width
    growth_rate: Width
    growth_epochs: Annotated[int, Field(ge=1)]
    max_neurons: Width
    operator: OperatorName
    trigger: TriggerName
    plateau_improvement: Annotated[float, Field(ge=0, lt=1)]
    plateau_epochs: Annotated[int, Field(ge=1)]
    cooldown_epochs: Annotated[int, Field(ge=1)]
    budget_share: Annotated[float, Field(gt=0, le=1)]
    plan: Annotated[tuple[Stage, ...], Field(strict=False)]
    where: PlaceName
    new_unit_warmup_epochs: Annotated[float, Field(ge=0)]
    new_unit_learning_rate_scale: Annotated[float, Field(gt=0, le=100)]

    @model_validator(mode="after")
    def _room_to_grow(self) -> Self:
        if self.max_neurons < self.initial_neurons:
            raise ValueError(
                f"max_neurons is {self.max_neurons}, smaller than initial_neurons, {self.initial_neurons}: "
                "raise one or lower the other"
            )
        return self

    @model_validator(mode="after")
    def _plan_goes_up(self) -> Self:
        if (self.trigger == "plan") != bool(self.plan):
            found = "has stages" if self.plan else "is empty"
            raise ValueError(f"trigger is {self.trigger} and plan {found}: plan belongs to the trigger of that name")
        layers = max((len(stage.neurons) for stage in self.plan if not isinstance(stage.neurons, int)), default=1)
        before, widths = 0, (self.initial_neurons,) * layers
        for stage in self.plan:
            after = stage.widths(layers)
            falls = any(new < old for old, new in zip(widths, after, strict=True))
            if stage.epoch <= before or falls or max(after) > self.max_neurons:
                raise ValueError(
                    f"plan has {stage.neurons} neurons at epoch {stage.epoch} after {widths} at epoch {before}: epochs "
                    f"must rise, no width may fall, and none may be above max_neurons, {self.max_neurons}"
                )
            before, widths = stage.epoch, after
        return self
