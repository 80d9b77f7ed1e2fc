import pytest

from mnist_growth.evaluation import inspected_digits


def test_they_are_evenly_spaced_rows(predictions):
    chosen = inspected_digits(predictions, 3, "explain.digits")
    assert chosen["index"].tolist() == [0, 150, 299]
    assert len(inspected_digits(predictions, 300, "explain.digits")) == 300


def test_more_digits_than_there_are_are_refused(predictions):
    with pytest.raises(ValueError, match=r"'explain.digits' asks for 301 test digits, but there are 300; set it to at"):
        inspected_digits(predictions, 301, "explain.digits")


def test_a_network_at_chance_is_refused(predictions):
    constant = predictions.assign(prediction=3)
    with pytest.raises(ValueError, match=r"10\.0% of the test digits correctly, no more than a constant answer"):
        inspected_digits(constant, 10, "explain.digits")
