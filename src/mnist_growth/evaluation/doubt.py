"""Reasons to doubt an answer that only the network can give; those of the image are in `mnist_growth.digits.doubt`."""

from dataclasses import dataclass

LOW_CONFIDENCE = "low confidence"
NOT_A_DIGIT = "not a digit"


@dataclass(frozen=True)
class DoubtLimits:
    """Limits of what a network says of an image that is not doubtful.

    Attributes:
        min_confidence: Smallest probability of the predicted digit.
        max_novelty: Largest novelty.
    """

    min_confidence: float = 0.0
    max_novelty: float = 1.0


NO_LIMITS = DoubtLimits()


def network_doubts(confidence: float, novelty: float | None, limits: DoubtLimits) -> tuple[str, ...]:
    """Return the reasons to doubt the prediction of one image; none is an empty tuple.

    Args:
        confidence: Probability of the predicted digit.
        novelty: Fraction of validation digits that look more like training digits; None or NaN without a detector.
        limits: Limits of both.
    """
    reasons = []
    if novelty is not None and novelty > limits.max_novelty:
        reasons.append(NOT_A_DIGIT)
    if confidence < limits.min_confidence:
        reasons.append(LOW_CONFIDENCE)
    return tuple(reasons)
