"""The figures of the analysis."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from mnist_growth import figures
from mnist_growth.digits import Digits, Split, class_statistics, names_of
from mnist_growth.digits.interventions import INTERVENTIONS
from mnist_growth.network import TrainedNetwork

_MAX_PAIRS = 20  # near-duplicates shown


def draw_style(
    effects: pd.DataFrame, differences: pd.DataFrame, curves: pd.DataFrame, provenance: str
) -> tuple[go.Figure, go.Figure, go.Figure]:
    """Return the figures of the error rate by style, of digits of unusual style, and of changed digits."""
    return (
        figures.stamp(figures.style_effects(effects), provenance),
        figures.stamp(figures.style_differences(differences), provenance),
        figures.stamp(figures.style_interventions(curves), provenance),
    )


def draw_interventions(test_digits: Digits) -> go.Figure:
    """Return the first test digit after each step of each intervention."""
    columns = max(len(intervention.steps) for intervention in INTERVENTIONS.values())
    images, captions = _on_one_digit(test_digits.images[:1], columns)
    return figures.stamp(figures.intervention_examples(images, captions, columns), _dataset(test_digits))


def _on_one_digit(image: NDArray[np.uint8], columns: int) -> tuple[NDArray[np.uint8], list[str]]:
    """Results of every step of every intervention on an image [1, 28, 28]: one row each, padded with empty images."""
    images, captions = [], []
    for name, intervention in INTERVENTIONS.items():
        images += [intervention.change(image, step)[0] for step in intervention.steps]
        captions += [f"{name}<br>{step:+g}" for step in intervention.steps]
        empty = columns - len(intervention.steps)
        images += [np.zeros_like(image[0])] * empty
        captions += [""] * empty
    return np.stack(images), captions


def draw_classes(balance: pd.DataFrame, train_digits: Digits, split: Split) -> tuple[go.Figure, go.Figure]:
    """Return the figures of the class balance, and of mean and standard deviation of the training images by class."""
    statistics = class_statistics(
        train_digits.images[split.train], train_digits.labels[split.train], len(train_digits.class_names)
    )
    names = names_of(train_digits.class_names)
    provenance = f"{_dataset(train_digits)} · {statistics.count.sum():,} training digits"
    return (
        figures.stamp(figures.class_balance(balance, names), _dataset(train_digits)),
        figures.stamp(
            figures.class_images(statistics.mean_image, statistics.deviation_image, statistics.count, names), provenance
        ),
    )


def draw_hard_digits(
    hardest: pd.DataFrame,
    suspected: pd.DataFrame,
    train_digits: Digits,
    test_digits: Digits,
    trained: TrainedNetwork,
) -> tuple[go.Figure, go.Figure]:
    """Return the galleries of the hardest training digits and of the digits with doubtful labels."""
    names = names_of(train_digits.class_names)
    network = figures.describe_network(trained.network.widths, trained.epochs)
    provenance = (
        f"{_dataset(train_digits)} · {len(train_digits):,} training and {len(test_digits):,} test digits · "
        f"network {network}"
    )
    hard, doubtful = (_images(table, train_digits, test_digits) for table in (hardest, suspected))
    return (
        figures.stamp(figures.hardest_digits(hard, hardest, names), provenance),
        figures.stamp(figures.suspected_labels(doubtful, suspected, names), provenance),
    )


def draw_near_duplicates(duplicates: pd.DataFrame, train_digits: Digits, test_digits: Digits) -> go.Figure:
    """Return the gallery of test digits and the training digits that they nearly equal."""
    shown = duplicates.head(_MAX_PAIRS)
    figure = figures.near_duplicates(
        test_digits.images[shown["index"].to_numpy()],
        train_digits.images[shown["train_index"].to_numpy()],
        shown,
        names_of(test_digits.class_names),
    )
    return figures.stamp(
        figure,
        f"{_dataset(test_digits)} · {len(duplicates):,} of {len(test_digits):,} test digits, the nearest shown; "
        f"distance as a share of the norm of the longer image",
    )


def _images(table: pd.DataFrame, train_digits: Digits, test_digits: Digits) -> NDArray[np.uint8]:
    """The image of each row, by its ``part`` and ``index``: uint8 [N, 28, 28]."""
    side = train_digits.images.shape[1:]
    rows = zip(table["part"], table["index"], strict=True)
    images = [(test_digits if part == "test" else train_digits).images[index] for part, index in rows]
    return np.stack(images) if images else np.empty((0, *side), np.uint8)


def _dataset(digits: Digits) -> str:
    return f"dataset {digits.dataset}"
