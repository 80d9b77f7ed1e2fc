"""Parameters of the evaluation."""

from pydantic import Field

from mnist_growth.config_model import ConfigModel


class EvaluationConfig(ConfigModel):
    """What is measured and shown of a network's predictions; group ``evaluation`` of the parameters.

    Attributes:
        calibration_bins: Number of equal-width confidence bins of the expected calibration error.
        sample_digits: Number of test digits shown with their predictions, spread evenly over the test set.
        worst_mistakes: Largest number of mistakes shown, the most confident ones first.
        ambiguous_digits: Number of digits shown that the network could hardly decide on.
        confused_pairs: Largest number of pairs of classes shown with their mistakes, the most confused ones first.
        unit_digits: Number of test digits on which the activity of the hidden units is measured.
    """

    calibration_bins: int = Field(ge=1, le=1000)
    sample_digits: int = Field(ge=1, le=200)
    worst_mistakes: int = Field(ge=1, le=200)
    ambiguous_digits: int = Field(ge=1, le=200)
    confused_pairs: int = Field(ge=1, le=20)
    unit_digits: int = Field(ge=2, le=10000)


class AnalysisConfig(ConfigModel):
    """What is looked into beside the evaluation; group ``analysis`` of the parameters.

    Attributes:
        quantiles: Groups of nearly equal size that digits are divided into by each measure of their style.
        hardest_digits: Number of training digits shown that are hardest for the network; as many suspected labels.
        duplicate_distance: Distance of a test digit from its nearest training digit, as a share of the length of its
            vector of pixels, up to which it is called a near-duplicate.
    """

    quantiles: int = Field(ge=2, le=20)
    hardest_digits: int = Field(ge=1, le=200)
    duplicate_distance: float = Field(ge=0, le=1)
