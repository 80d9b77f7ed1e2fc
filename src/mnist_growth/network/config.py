"""Parameters of the network and of its growth."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

OperatorName = Literal["zero_fan_out", "net2net_split", "paired", "gradient_directed", "random"]
TriggerName = Literal["schedule", "plateau", "budget"]
PlaceName = Literal["all", "largest_gain"]


class NetworkConfig(BaseModel):
    """Architecture that does not change while the network grows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hidden_layers: Annotated[int, Field(ge=1, le=16)] = 3
    batch_norm: bool = True


class GrowthConfig(BaseModel):
    """When the hidden layers widen, by how much, and how the new neurons start."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    initial_neurons: Annotated[int, Field(ge=1, le=65536)] = 128
    growth_rate: Annotated[int, Field(ge=1, le=65536)] = 64
    growth_epochs: Annotated[int, Field(ge=1)] = 20
    max_neurons: Annotated[int, Field(ge=1, le=65536)] = 512
    operator: OperatorName = "zero_fan_out"
    trigger: TriggerName = "schedule"
    plateau_improvement: Annotated[float, Field(ge=0, lt=1)] = 0.01
    plateau_epochs: Annotated[int, Field(ge=1)] = 2
    cooldown_epochs: Annotated[int, Field(ge=1)] = 3
    budget_share: Annotated[float, Field(gt=0, le=1)] = 0.65
    where: PlaceName = "all"
    new_unit_warmup_epochs: Annotated[float, Field(ge=0)] = 0.0
    new_unit_learning_rate_scale: Annotated[float, Field(gt=0, le=100)] = 1.0

    @model_validator(mode="after")
    def _room_to_grow(self) -> Self:
        if self.max_neurons < self.initial_neurons:
            raise ValueError(
                f"max_neurons is {self.max_neurons}, smaller than initial_neurons, {self.initial_neurons}: "
                "raise one or lower the other"
            )
        return self
