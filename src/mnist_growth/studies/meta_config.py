"""Parameters of few-shot learning."""

from typing import Annotated, Any, Literal, Self, get_args

from pydantic import Field, model_validator

from mnist_growth.config_model import ConfigModel

MethodName = Literal["scratch", "linear", "centroids", "reptile", "maml_first_order", "maml"]
"""Methods; see ``meta_methods``."""

METHODS: tuple[MethodName, ...] = get_args(MethodName)

Count = Annotated[int, Field(ge=1)]
Rate = Annotated[float, Field(gt=0)]


class AdaptationConfig(ConfigModel):
    """Gradient steps on the support of a task.

    Attributes:
        steps: Their number.
        rate: Their learning rate.
    """

    steps: Count
    rate: Rate


class MamlConfig(ConfigModel):
    """Meta-training by MAML, of first or second order.

    Attributes:
        updates: Number of updates of the initial parameters.
        tasks_per_update: Number of tasks of each update.
        learning_rate: Of Adam, which makes the updates; it falls to 0 along a cosine.
        train: Adaptation to the tasks of meta-training.
        adapt: Adaptation to new tasks.
    """

    updates: Count
    tasks_per_update: Count
    learning_rate: Rate
    train: AdaptationConfig
    adapt: AdaptationConfig


class ReptileConfig(ConfigModel):
    """Meta-training by Reptile.

    Attributes:
        updates: Number of updates of the initial parameters.
        tasks_per_update: Number of tasks of each update.
        step_size: Part of the way to the adapted parameters; it falls to 0 linearly.
        shots: Images of each class in every step of the adaptation to a task of meta-training.
        train: Adaptation to the tasks of meta-training.
        adapt: Adaptation to new tasks.
    """

    updates: Count
    tasks_per_update: Count
    step_size: Annotated[float, Field(gt=0, le=1)]
    shots: Count
    train: AdaptationConfig
    adapt: AdaptationConfig


class MetaConfig(ConfigModel):
    """Group ``meta`` of the parameters."""

    recipe: dict[str, dict[str, Any]]
    methods: Annotated[tuple[MethodName, ...], Field(strict=False, min_length=1)]
    ways: Annotated[int, Field(ge=2)]
    shots: Annotated[tuple[Count, ...], Field(strict=False, min_length=1)]
    queries: Count
    tasks: Annotated[int, Field(ge=2)]
    seeds: Count
    new_classes: Literal["test", "validation"]
    quarter_turns: Annotated[tuple[Annotated[int, Field(ge=0, le=3)], ...], Field(strict=False, min_length=1)]
    scratch: AdaptationConfig
    linear: AdaptationConfig
    reptile: ReptileConfig
    maml: MamlConfig

    @model_validator(mode="after")
    def _entries_are_different(self) -> Self:
        for name in ("methods", "shots", "quarter_turns"):
            entries = getattr(self, name)
            if len(set(entries)) < len(entries):
                raise ValueError(f"Parameter 'meta.{name}' is {list(entries)}; expected each entry only once.")
        return self
