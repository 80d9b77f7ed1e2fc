import pytest

from mnist_growth.evaluation.doubt import NO_LIMITS, DoubtLimits, network_doubts

LIMITS = DoubtLimits(min_confidence=0.6, max_novelty=0.95)


@pytest.mark.parametrize(
    ("confidence", "novelty", "expected"),
    [
        (0.6, 0.95, ()),
        (0.59, 0.95, ("low confidence",)),
        (0.6, 0.951, ("not a digit",)),
        (0.2, 1.0, ("not a digit", "low confidence")),
        (0.9, None, ()),
        (0.9, float("nan"), ()),
    ],
)
def test_values_beyond_the_limits_are_doubts(confidence, novelty, expected):
    assert network_doubts(confidence, novelty, LIMITS) == expected


def test_without_limits_nothing_is_doubtful():
    assert network_doubts(0.0, 1.0, NO_LIMITS) == ()
