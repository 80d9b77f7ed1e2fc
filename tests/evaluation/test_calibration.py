import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist_growth.evaluation import expected_calibration_error


def literal_calibration_error(confidence, correct, bins):
    """Equation 3 of Guo et al. 2017, as written there."""
    total = 0.0
    for m in range(1, bins + 1):
        members = (confidence > (m - 1) / bins) & (confidence <= m / bins)
        if members.any():
            gap = abs(correct[members].mean() - confidence[members].mean())
            total += members.sum() / len(confidence) * gap
    return total


@settings(deadline=None, max_examples=100)
@given(
    st.lists(st.tuples(st.floats(0.1, 0.999) | st.just(1.0), st.booleans()), min_size=1, max_size=60),
    st.integers(1, 20),
)
def test_it_agrees_with_the_equation_of_the_paper(pairs, bins):
    confidence = np.array([pair[0] for pair in pairs])
    correct = np.array([pair[1] for pair in pairs])
    # An edge such as 0.6 has two float64 neighbours, depending on how it is computed.
    on_an_edge = np.abs(confidence * bins - np.round(confidence * bins)) < 1e-9
    confidence[on_an_edge & (confidence < 1)] += 1e-6

    error = expected_calibration_error(confidence, correct, bins)

    assert error == pytest.approx(literal_calibration_error(confidence, correct, bins), abs=1e-12)


def test_a_hand_computed_case():
    confidence = np.array([0.95, 0.85, 0.55, 0.65])
    correct = np.array([True, False, True, True])

    # Two bins of 0.5 would hold all four: |3 / 4 - 0.75| = 0. Ten bins hold one each.
    assert expected_calibration_error(confidence, correct, 2) == pytest.approx(0.0)
    assert expected_calibration_error(confidence, correct, 10) == pytest.approx((0.05 + 0.85 + 0.45 + 0.35) / 4)


def test_always_right_and_always_sure_is_calibrated():
    assert expected_calibration_error(np.ones(7), np.ones(7, dtype=bool)) == 0.0


def test_always_wrong_and_always_sure_is_the_worst():
    assert expected_calibration_error(np.ones(7), np.zeros(7, dtype=bool)) == 1.0


def test_an_upper_edge_belongs_to_its_bin():
    confidence = np.array([0.5, 0.51])
    correct = np.array([True, False])

    # Were 0.5 in the upper bin of two, the two gaps would partly cancel.
    assert expected_calibration_error(confidence, correct, 2) == pytest.approx((0.5 + 0.51) / 2)
