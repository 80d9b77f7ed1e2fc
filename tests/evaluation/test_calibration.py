import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from statsmodels.stats.proportion import proportion_confint

from mnist_growth.evaluation import expected_calibration_error, reliability_curve


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
def test_calibration_error_matches_the_equation_of_the_paper(pairs, bins):
    confidence = np.array([pair[0] for pair in pairs])
    correct = np.array([pair[1] for pair in pairs])
    # An edge such as 0.6 has two float64 neighbours, depending on how it is computed.
    on_an_edge = np.abs(confidence * bins - np.round(confidence * bins)) < 1e-9
    confidence[on_an_edge & (confidence < 1)] += 1e-6

    error = expected_calibration_error(confidence, correct, bins)

    assert error == pytest.approx(literal_calibration_error(confidence, correct, bins), abs=1e-12)


def test_hand_computed_case():
    confidence = np.array([0.95, 0.85, 0.55, 0.65])
    correct = np.array([True, False, True, True])

    # Two bins of 0.5 would hold all four: |3 / 4 - 0.75| = 0. Ten bins hold one each.
    assert expected_calibration_error(confidence, correct, 2) == pytest.approx(0.0)
    assert expected_calibration_error(confidence, correct, 10) == pytest.approx((0.05 + 0.85 + 0.45 + 0.35) / 4)


def test_confident_correct_predictions_are_calibrated():
    assert expected_calibration_error(np.ones(7), np.ones(7, dtype=bool), 15) == 0.0


def test_confident_wrong_predictions_have_error_one():
    assert expected_calibration_error(np.ones(7), np.zeros(7, dtype=bool), 15) == 1.0


def test_an_upper_edge_belongs_to_its_bin():
    confidence = np.array([0.5, 0.51])
    correct = np.array([True, False])

    # Were 0.5 in the upper bin of two, the two gaps would partly cancel.
    assert expected_calibration_error(confidence, correct, 2) == pytest.approx((0.5 + 0.51) / 2)
    assert reliability_curve(confidence, correct, 2)["examples"].tolist() == [1, 1]
    assert reliability_curve(confidence, correct, 2)["accuracy"].tolist() == [1, 0]


def test_reliability_curve_matches_scikit_learn_and_statsmodels():
    generator = np.random.default_rng(4)
    confidence = generator.uniform(0.3, 1, 400)
    correct = generator.random(400) < confidence

    curve = reliability_curve(confidence, correct, 15)

    filled = curve[curve["examples"] > 0]
    accuracy, mean_confidence = calibration_curve(correct, confidence, n_bins=15)
    assert filled["accuracy"].to_numpy() == pytest.approx(accuracy)
    assert filled["mean_confidence"].to_numpy() == pytest.approx(mean_confidence)
    low, high = proportion_confint(filled["accuracy"] * filled["examples"], filled["examples"], method="wilson")
    assert filled["accuracy_low"].to_numpy() == pytest.approx(low)
    assert filled["accuracy_high"].to_numpy() == pytest.approx(high)
    assert len(curve) == 15
    assert curve["examples"].sum() == 400


def test_calibration_error_is_the_weighted_gap_of_the_reliability_curve():
    generator = np.random.default_rng(9)
    confidence = generator.uniform(0.1, 1, 200)
    correct = generator.random(200) < 0.7

    curve = reliability_curve(confidence, correct, 12).dropna()

    gaps = (curve["accuracy"] - curve["mean_confidence"]).abs() * curve["examples"] / 200
    assert gaps.sum() == pytest.approx(expected_calibration_error(confidence, correct, 12))


def test_an_empty_bin_has_no_accuracy():
    curve = reliability_curve(np.array([0.9, 0.95]), np.array([True, False]), 2)

    assert curve["examples"].tolist() == [0, 2]
    assert curve.loc[0, ["mean_confidence", "accuracy", "accuracy_low", "accuracy_high"]].isna().all()
    assert curve.loc[1, "accuracy"] == 0.5
