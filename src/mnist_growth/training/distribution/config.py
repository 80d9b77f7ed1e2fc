"""Parameters of a training in several processes."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from mnist_growth.config_model import ConfigModel


class DistributionConfig(ConfigModel):
    """Group ``distribution`` of the parameters: processes and machines that train one network together."""

    processes: Annotated[int, Field(strict=True, ge=1, le=1024)]
    nodes: Annotated[int, Field(strict=True, ge=1, le=1024)]
    rendezvous: Annotated[str, Field(pattern=r"^[^\s:]+:[0-9]{1,5}$")] | None
    batch_norm: Literal["global", "local"]
    max_restarts: Annotated[int, Field(strict=True, ge=0)]
    timeout_seconds: Annotated[float, Field(ge=1)]

    @model_validator(mode="after")
    def _several_nodes_meet(self) -> Self:
        if self.nodes > 1 and self.rendezvous is None:
            raise ValueError(
                f"Parameter 'distribution.nodes' is {self.nodes}, but 'distribution.rendezvous' is null; give the "
                "address at which the machines meet, such as distribution.rendezvous=<name of a machine>:29500."
            )
        return self

    @property
    def total(self) -> int:
        """Number of processes on all machines together."""
        return self.processes * self.nodes
