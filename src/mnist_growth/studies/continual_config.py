"""Parameters of continual learning."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from mnist_growth.config_model import ConfigModel

ScenarioName = Literal["permuted", "rotated", "split_task", "split_domain", "split_class"]
MethodName = Literal["naive", "ewc", "online_ewc", "replay", "growth", "growth_ewc", "joint"]


@dataclass(frozen=True)
class Method:
    """What a method does against forgetting.

    Attributes:
        penalty: Elastic weight consolidation: one penalty for each task, one running penalty, or none.
        replays: Whether images of earlier tasks are kept and trained on again.
        grows: Whether every task adds units.
        protects: Whether what old units compute is held fixed.
        is_joint: Whether all tasks are trained together, once.
    """

    penalty: Literal["none", "separate", "online"] = "none"
    replays: bool = False
    grows: bool = False
    protects: bool = False
    is_joint: bool = False


METHODS: Mapping[MethodName, Method] = {
    "naive": Method(),
    "ewc": Method(penalty="separate"),
    "online_ewc": Method(penalty="online"),
    "replay": Method(replays=True),
    "growth": Method(grows=True, protects=True),
    "growth_ewc": Method(penalty="separate", grows=True),
    "joint": Method(is_joint=True),
}


class ScenarioConfig(ConfigModel):
    """Settings of one scenario."""

    tasks: Annotated[int, Field(ge=2, le=100)]
    epochs: Annotated[int, Field(ge=1)]
    ewc_strength: Annotated[float, Field(ge=0)]


class ContinualConfig(ConfigModel):
    """Group ``continual`` of the parameters."""

    recipe: dict[str, dict[str, Any]]
    scenarios: Annotated[tuple[ScenarioName, ...], Field(strict=False, min_length=1)]
    methods: Annotated[tuple[MethodName, ...], Field(strict=False, min_length=1)]
    seeds: Annotated[int, Field(ge=1)]
    images_per_task: Annotated[int, Field(ge=1)] | None
    fisher_images: Annotated[int, Field(ge=1)]
    online_decay: Annotated[float, Field(ge=0, le=1)]
    replay_images: Annotated[int, Field(ge=1)]
    rotation_degrees: Annotated[float, Field(gt=0, le=180)]
    settings: dict[ScenarioName, ScenarioConfig]

    @model_validator(mode="after")
    def _names_are_different(self) -> Self:
        for name, chosen in (("scenarios", self.scenarios), ("methods", self.methods)):
            if len(set(chosen)) < len(chosen):
                raise ValueError(f"Parameter 'continual.{name}' is {list(chosen)}; expected each one only once.")
        return self
