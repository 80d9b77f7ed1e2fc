"""Parameters of watching for drift."""

from pydantic import Field, PositiveFloat

from mnist_growth.config_model import ConfigModel


class DriftLimits(ConfigModel):
    """Values above which a feature has drifted; any one of them is enough.

    Attributes:
        kl: Of the Kullback-Leibler divergence KL(training || current), in nats.
        psi: Of the population stability index, in nats.
        ks: Of the distance of Kolmogorov and Smirnov, 0 to 1.
    """

    kl: PositiveFloat
    psi: PositiveFloat
    ks: float = Field(gt=0, le=1)


class DriftConfig(ConfigModel):
    """How drift is measured and when it is an alarm; group ``drift`` of the parameters.

    Attributes:
        reference_digits: Number of validation digits, at most, that the reference is measured on, spread over all.
        bins: Bins of a histogram, each with the same share of the training digits.
        window: Number of the most recent images that are compared with training.
        min_images: Fewer images than this raise no alarm.
        smoothing: Added to the count of every bin, so that none is empty.
        style: Limits for how images look; digits of one writer differ from those of another.
        prediction: Limits for what the network answers.
    """

    reference_digits: int = Field(ge=100, le=60_000)
    bins: int = Field(ge=2, le=100)
    window: int = Field(ge=10, le=100_000)
    min_images: int = Field(ge=1, le=100_000)
    smoothing: float = Field(gt=0, le=100)
    style: DriftLimits
    prediction: DriftLimits
