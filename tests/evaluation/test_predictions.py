import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from scipy.special import softmax

from mnist_growth.evaluation import ambiguous_digits, prediction_table, probabilities, spread_sample, worst_mistakes

LOGITS = npst.arrays(
    np.float32,
    st.tuples(st.integers(1, 20), st.just(10)),
    elements=st.floats(-100, 100, width=32),
)


def test_columns_and_dtypes(predictions):
    expected = ["index", "label", "prediction", "confidence"] + [f"probability_{digit}" for digit in range(10)]

    assert list(predictions.columns) == expected
    assert predictions["index"].tolist() == list(range(300))
    integers = predictions[["index", "label", "prediction"]]
    assert set(integers.dtypes.astype(str)) == {"int64"}
    assert set(predictions.drop(columns=integers.columns).dtypes.astype(str)) == {"float64"}


def test_label_column_is_omitted_without_labels():
    table = prediction_table(np.eye(10, dtype=np.float32))

    assert "label" not in table
    assert table["prediction"].tolist() == list(range(10))


@settings(deadline=None, max_examples=50)
@given(LOGITS)
def test_probabilities_match_scipy_and_sum_to_one(logits):
    table = prediction_table(logits)

    np.testing.assert_allclose(probabilities(table), softmax(logits.astype(np.float64), axis=1), rtol=1e-12)
    np.testing.assert_allclose(probabilities(table).sum(axis=1), 1.0, rtol=1e-14)
    assert (table["confidence"].to_numpy() == probabilities(table).max(axis=1)).all()


@settings(deadline=None, max_examples=50)
@given(LOGITS, st.integers(-1000, 1000))
def test_a_constant_added_to_all_logits_changes_nothing(logits, constant):
    shifted = prediction_table(logits.astype(np.float64) + constant)

    np.testing.assert_allclose(probabilities(shifted), probabilities(prediction_table(logits)), rtol=1e-9, atol=1e-300)


@settings(deadline=None, max_examples=25)
@given(LOGITS, st.randoms(use_true_random=False))
def test_permuted_classes_give_permuted_probabilities(logits, random):
    order = list(range(10))
    random.shuffle(order)

    permuted = prediction_table(logits[:, order])

    np.testing.assert_allclose(probabilities(permuted), probabilities(prediction_table(logits))[:, order], rtol=1e-12)


def test_huge_logits_do_not_overflow():
    table = prediction_table(np.array([[3e38] + [-3e38] * 9], dtype=np.float32))

    assert probabilities(table).tolist() == [[1.0] + [0.0] * 9]


def test_smallest_class_wins_a_tie():
    assert prediction_table(np.zeros((1, 10), dtype=np.float32))["prediction"].item() == 0


@pytest.mark.parametrize("shape", [(0, 10), (5, 1), (10,)])
def test_logits_of_wrong_shape_are_rejected(shape):
    with pytest.raises(ValueError, match="expected \\[N, C\\]"):
        prediction_table(np.zeros(shape, dtype=np.float32))


def test_missing_label_is_rejected():
    with pytest.raises(ValueError, match="expected one label for each row"):
        prediction_table(np.zeros((3, 10), dtype=np.float32), np.array([1, 2]))


def test_outputs_of_diverged_network_are_rejected():
    logits = np.zeros((3, 10), dtype=np.float32)
    logits[1, 4] = np.nan

    with pytest.raises(ValueError, match=r"1 of 3 images are not finite.*diverged"):
        prediction_table(logits)


def test_worst_mistakes_are_all_mistakes_most_confident_first(predictions):
    mistakes = worst_mistakes(predictions)
    wrong = predictions["label"] != predictions["prediction"]

    assert set(mistakes["index"]) == set(predictions["index"][wrong])
    assert mistakes["confidence"].is_monotonic_decreasing
    assert mistakes.index.tolist() == list(range(wrong.sum()))
    assert worst_mistakes(predictions, 3).equals(mistakes.head(3))


def test_a_perfect_network_has_no_worst_mistakes():
    table = prediction_table(np.eye(10, dtype=np.float32), np.arange(10))

    assert worst_mistakes(table).empty
    assert list(worst_mistakes(table).columns) == list(table.columns)


def test_spread_sample_includes_first_and_last_digit(predictions):
    sample = spread_sample(predictions, 4)

    assert sample["index"].tolist() == [0, 100, 199, 299]


def test_spread_sample_of_few_digits_includes_all(predictions):
    assert spread_sample(predictions.head(3), 40)["index"].tolist() == [0, 1, 2]


def test_ambiguous_digits_are_those_with_the_closest_two_classes(predictions):
    ambiguous = ambiguous_digits(predictions, 300)

    descending = np.sort(probabilities(predictions), axis=1)[:, ::-1]
    margins = descending[:, 0] - descending[:, 1]
    assert ambiguous["margin"].to_numpy() == pytest.approx(np.sort(margins))
    assert ambiguous["index"].tolist() == np.argsort(margins, kind="stable").tolist()
    second = np.argsort(probabilities(predictions), axis=1)[:, -2]
    assert ambiguous["runner_up"].tolist() == second[ambiguous["index"]].tolist()
    assert ambiguous_digits(predictions, 5).equals(ambiguous.head(5))


def test_margin_of_a_tie_is_zero():
    logits = np.full((1, 10), -50.0)
    logits[0, [3, 8]] = 2.0

    [row] = ambiguous_digits(prediction_table(logits, np.array([8])), 1).to_dict("records")

    assert (row["prediction"], row["runner_up"], row["label"], row["margin"]) == (3, 8, 8, 0.0)
    assert row["runner_up_probability"] == pytest.approx(0.5)
