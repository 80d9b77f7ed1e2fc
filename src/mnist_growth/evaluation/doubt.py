"""Reasons to doubt an answer that only the network can give; those of the image are in `mnist_growth.digits.doubt`."""

LOW_CONFIDENCE = "low confidence"


def network_doubts(confidence: float, min_confidence: float) -> tuple[str, ...]:
    """Return the reasons to doubt the prediction of one image; none is an empty tuple.

    Args:
        confidence: Probability of the predicted digit.
        min_confidence: Confidence below which a prediction is doubtful.
    """
    return (LOW_CONFIDENCE,) if confidence < min_confidence else ()
