"""Parameters of the evaluation."""

from pydantic import Field

from mnist_growth.config_model import ConfigModel


class EvaluationConfig(ConfigModel):
    """Group ``evaluation`` of the parameters: measurements of a network and the digits that are shown."""

    calibration_bins: int = Field(ge=1, le=1000)
    sample_digits: int = Field(ge=1, le=200)
    worst_mistakes: int = Field(ge=1, le=200)
    ambiguous_digits: int = Field(ge=1, le=200)
    confused_pairs: int = Field(ge=1, le=20)
    unit_digits: int = Field(ge=2, le=10000)


class AnalysisConfig(ConfigModel):
    """Group ``analysis`` of the parameters: analysis of what makes digits difficult."""

    quantiles: int = Field(ge=2, le=20)
    hardest_digits: int = Field(ge=1, le=200)
    duplicate_distance: float = Field(ge=0, le=1)
