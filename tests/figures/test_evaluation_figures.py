import numpy as np
import plotly.io
import pytest

from mnist_growth.evaluation import ambiguous_digits as closest_digits
from mnist_growth.evaluation import confused_pairs as count_pairs
from mnist_growth.evaluation import prediction_table, reliability_curve
from mnist_growth.figures import ambiguous_digits, confused_digits, confused_pairs, reliability

IMAGES = np.random.default_rng(8).integers(0, 256, (60, 28, 28), dtype=np.uint8)


@pytest.fixture
def predictions():
    generator = np.random.default_rng(2)
    labels = np.arange(60) % 10
    logits = generator.normal(size=(60, 10))
    logits[np.arange(60), labels] += 1.5
    return prediction_table(logits, labels)


@pytest.fixture
def curve(predictions):
    correct = (predictions["label"] == predictions["prediction"]).to_numpy()
    return reliability_curve(predictions["confidence"].to_numpy(), correct, 10)


def bounds(trace) -> list[tuple[float, float]]:
    """Where the error bars of a trace begin and end."""
    bars = trace.error_y
    return [(y - low, y + high) for y, low, high in zip(trace.y, bars.arrayminus, bars.array, strict=True)]


def test_reliability_shows_non_empty_bins(curve):
    _, network, counts = reliability(curve).data

    filled = curve[curve["examples"] > 0]
    assert len(filled) < len(curve)
    assert list(network.x) == filled["mean_confidence"].tolist()
    assert list(network.y) == filled["accuracy"].tolist()
    assert np.array(bounds(network)) == pytest.approx(filled[["accuracy_low", "accuracy_high"]].to_numpy())
    assert list(counts.y) == curve["examples"].tolist()


def test_confused_pairs_show_both_directions_of_the_pairs_with_mistakes(predictions):
    pairs = count_pairs(predictions)
    figure = confused_pairs(pairs)

    shown = pairs[pairs["mistakes"] > 0].head(15)
    for trace, direction in zip(figure.data, ("first_as_second", "second_as_first"), strict=True):
        assert list(trace.x) == [f"{row.first} and {row.second}" for row in shown.itertuples()]
        assert list(trace.y) == shown[f"{direction}_rate"].tolist()
        limits = shown[[f"{direction}_rate_low", f"{direction}_rate_high"]].to_numpy()
        assert np.array(bounds(trace)) == pytest.approx(limits)


def test_message_without_mistakes():
    perfect = prediction_table(10 * np.eye(10), np.arange(10))

    for figure in (confused_pairs(count_pairs(perfect)), confused_digits(IMAGES, perfect.head(0))):
        assert [note.text for note in figure.layout.annotations] == ["No mistakes"]


def test_ambiguous_digits_show_both_classes(predictions):
    rows = closest_digits(predictions, 12)
    captions = ambiguous_digits(IMAGES, rows).data[1]

    for text, color, hover, row in zip(
        captions.text, captions.textfont.color, captions.hovertext, rows.to_dict("records"), strict=True
    ):
        assert text.startswith(f"<b>{row['label']}: {row['prediction']} or {row['runner_up']}</b>")
        assert hover.startswith(f"test digit {row['index']}: true {row['label']}, ")
        assert (color == "#0072B2") == (row["label"] == row["prediction"])


def test_figures_round_trip_through_json(predictions, curve):
    for figure in (
        reliability(curve),
        confused_pairs(count_pairs(predictions)),
        ambiguous_digits(IMAGES, closest_digits(predictions, 12)),
        confused_digits(IMAGES, predictions.head(5)),
    ):
        assert plotly.io.from_json(figure.to_json()) == figure
        assert figure.layout.title.text
