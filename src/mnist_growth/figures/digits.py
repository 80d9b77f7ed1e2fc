"""Galleries of digits: predictions, mistakes, and random warps."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from mnist_growth.figures.class_names import caption, named
from mnist_growth.figures.image_grid import empty_grid, image_grid
from mnist_growth.figures.theme import BLUE, GREY, VERMILLION

_COLUMNS = 10


def sample_predictions(
    images: NDArray[np.uint8], predictions: pd.DataFrame, class_names: Sequence[str] = ()
) -> go.Figure:
    """Draw test digits with prediction and confidence; mistakes also name the true digit.

    Args:
        images: The whole test set, uint8 of shape [N, 28, 28].
        predictions: The rows to show, at least one, with the columns ``index`` (into ``images``), ``label``,
            ``prediction`` and ``confidence`` (fraction of 1).
        class_names: Names of the classes; empty for digits.
    """
    figure = _predictions_grid(images, predictions, class_names)
    figure.update_layout(title="Test digits and their predictions")
    return figure


def worst_mistakes(images: NDArray[np.uint8], mistakes: pd.DataFrame, class_names: Sequence[str] = ()) -> go.Figure:
    """Draw the most confident mistakes: true digit, prediction and confidence.

    Args:
        images: The whole test set, uint8 of shape [N, 28, 28].
        mistakes: The rows to show, in this order, with the columns of ``sample_predictions``; may be empty.
        class_names: Names of the classes; empty for digits.
    """
    figure = _predictions_grid(images, mistakes, class_names) if len(mistakes) else empty_grid("No mistakes")
    figure.update_layout(title="The most confident mistakes")
    return figure


def confused_digits(images: NDArray[np.uint8], mistakes: pd.DataFrame, class_names: Sequence[str] = ()) -> go.Figure:
    """Draw mistakes of the most confused pairs of digits: true digit, prediction and confidence.

    Args:
        images: The whole test set, uint8 of shape [N, 28, 28].
        mistakes: The rows to show, in this order, with the columns of ``sample_predictions``; may be empty.
        class_names: Names of the classes; empty for digits.
    """
    figure = _predictions_grid(images, mistakes, class_names) if len(mistakes) else empty_grid("No mistakes")
    figure.update_layout(title="Mistakes of the most confused pairs")
    return figure


def ambiguous_digits(images: NDArray[np.uint8], ambiguous: pd.DataFrame, class_names: Sequence[str] = ()) -> go.Figure:
    """Draw ambiguous digits: the true digit, and the two most probable classes with their probabilities.

    Args:
        images: The whole test set, uint8 of shape [N, 28, 28].
        ambiguous: The rows to show, at least one, with the columns ``index`` (into ``images``), ``label``,
            ``prediction``, ``runner_up``, ``confidence`` and ``runner_up_probability`` (fractions of 1).
        class_names: Names of the classes; empty for digits.
    """
    columns = ("index", "label", "prediction", "runner_up", "confidence", "runner_up_probability")
    table = named(ambiguous, class_names, "label", "prediction", "runner_up")
    rows = list(zip(*(table[column].tolist() for column in columns), strict=True))
    figure = image_grid(
        images[ambiguous["index"].to_numpy()],
        _COLUMNS,
        captions=[
            f"{caption(f'{label}:', f'{first} or', f'{second}')}<br>{sure:.0%}, {less:.0%}"
            for _, label, first, second, sure, less in rows
        ],
        colors=[BLUE if label == first else VERMILLION for _, label, first, *_ in rows],
        hover=[
            f"test digit {index}: true {label}, {first} with {sure:.1%} or {second} with {less:.1%}"
            for index, label, first, second, sure, less in rows
        ],
    )
    figure.update_layout(title="Ambiguous digits: true digit, and the two most probable classes")
    return figure


def warps(originals: NDArray[np.uint8], warped: NDArray[np.uint8]) -> go.Figure:
    """Draw digits in the first column, and random warps of each one next to it.

    Args:
        originals: uint8 of shape [R, 28, 28], R >= 1.
        warped: uint8 of shape [R, K, 28, 28], K warps of each original.
    """
    rows = np.concatenate([originals[:, np.newaxis], warped], axis=1)
    count, columns = rows.shape[:2]
    figure = image_grid(rows.reshape(count * columns, *rows.shape[2:]), columns)
    between = figure.layout.xaxis.range[1] / columns
    figure.add_shape(type="line", x0=between, x1=between, y0=0, y1=1, yref="paper", line={"color": GREY, "width": 1})
    figure.update_layout(title="Digits (first column) and random warps")
    return figure


def _predictions_grid(images: NDArray[np.uint8], predictions: pd.DataFrame, class_names: Sequence[str]) -> go.Figure:
    """One image per row of predictions; mistakes have another colour and an arrow."""
    table = named(predictions, class_names, "label", "prediction")
    shown = list(zip(*(table[name] for name in ("index", "label", "prediction", "confidence")), strict=True))
    return image_grid(
        images[predictions["index"].to_numpy()],
        _COLUMNS,
        captions=[
            f"{prediction if label == prediction else caption(f'{label} →', f'{prediction}')}<br>{confidence:.1%}"
            for _, label, prediction, confidence in shown
        ],
        colors=[BLUE if label == prediction else VERMILLION for _, label, prediction, _ in shown],
        hover=[
            f"test digit {index}: true {label}, predicted {prediction}, confidence {confidence:.2%}"
            for index, label, prediction, confidence in shown
        ],
    )
