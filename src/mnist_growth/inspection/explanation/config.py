"""Parameters of the pipeline ``explain``."""

from typing import Literal

from pydantic import Field, model_validator

from mnist_growth.config_model import ConfigModel
from mnist_growth.digits.digits import IMAGE_SIDE

MethodName = Literal[
    "saliency",
    "gradient_times_input",
    "smooth_grad",
    "integrated_gradients",
    "integrated_gradients_mean",
    "occlusion",
    "activation_map",
]


class AttributionConfig(ConfigModel):
    """How attributions are computed."""

    methods: tuple[MethodName, ...] = Field(strict=False)
    integration_steps: int = Field(ge=1, le=1000)
    max_completeness_error: float = Field(gt=0, le=1)
    noise_samples: int = Field(ge=1, le=1000)
    noise_deviation: float = Field(gt=0, le=1)
    occlusion_side: int = Field(ge=1, le=IMAGE_SIDE)
    occlusion_stride: int = Field(ge=1, le=IMAGE_SIDE)

    @model_validator(mode="after")
    def _consistent(self) -> "AttributionConfig":
        if not self.methods:
            raise ValueError("Parameter 'explanation.attributions.methods' names no method; name at least one.")
        if len(set(self.methods)) < len(self.methods):
            raise ValueError("Parameter 'explanation.attributions.methods' names a method twice; name each once.")
        if self.occlusion_stride > self.occlusion_side:
            raise ValueError(
                f"Parameter 'explanation.attributions.occlusion_stride' is {self.occlusion_stride}; expected at most "
                f"occlusion_side, which is {self.occlusion_side}: larger steps would leave out pixels."
            )
        return self


class ExplanationConfig(ConfigModel):
    """Group ``explanation`` of the parameters: what the pipeline ``explain`` computes."""

    seed: int = Field(ge=0)
    attributions: AttributionConfig
    shown_digits: int = Field(ge=1, le=50)
    quality_digits: int = Field(ge=2, le=10_000)
    curve_steps: int = Field(ge=2, le=IMAGE_SIDE**2)
    randomisation_digits: int = Field(ge=2, le=10_000)
    max_randomisation_correlation: float = Field(ge=0, le=1)
    unit_digits: int = Field(ge=20, le=10_000)
    shown_units: int = Field(ge=1, le=40)
    maximisation_steps: int = Field(ge=1, le=10_000)
    conductance_digits: int = Field(ge=2, le=10_000)
    conductance_steps: int = Field(ge=1, le=1000)
    margin_digits: int = Field(ge=2, le=10_000)
    plane_side: int = Field(ge=2, le=201)
    path_steps: int = Field(ge=9, le=1000)
