"""Parameters of the network and of its growth."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

OperatorName = Literal["zero_fan_out"]


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

    @model_validator(mode="after")
    def _room_to_grow(self) -> Self:
        if self.max_neurons < self.initial_neurons:
            raise ValueError(
                f"max_neurons is {self.max_neurons}, smaller than initial_neurons, {self.initial_neurons}: "
                "raise one or lower the other"
            )
        return self
