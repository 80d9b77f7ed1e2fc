"""Digits that are hard, doubtfully labelled, or there twice."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from mnist_growth.figures.class_names import caption, named
from mnist_growth.figures.image_grid import empty_grid, image_grid
from mnist_growth.figures.theme import BLUE, INK, VERMILLION

_COLUMNS = 10


def hardest_digits(images: NDArray[np.uint8], table: pd.DataFrame, class_names: Sequence[str] = ()) -> go.Figure:
    """Draw the digits with the largest gradient norms: label, prediction and norm.

    Args:
        images: The images of the rows of the table, uint8 of shape [N, 28, 28].
        table: N >= 1 rows with the columns ``part``, ``index``, ``label``, ``prediction``, ``label_probability``
            (fraction of 1) and ``gradient_norm``.
        class_names: Names of the classes; empty for digits.
    """
    table = named(table, class_names, "label", "prediction")
    columns = ("part", "index", "label", "prediction", "label_probability", "gradient_norm")
    rows = list(zip(*(table[column].tolist() for column in columns), strict=True))
    figure = image_grid(
        images,
        _COLUMNS,
        captions=[
            f"{label if label == guess else caption(f'{label} →', f'{guess}')}<br>{norm:.3g}"
            for _, _, label, guess, _, norm in rows
        ],
        colors=[BLUE if label == guess else VERMILLION for _, _, label, guess, *_ in rows],
        hover=[
            f"{part} digit {index}: labelled {label}, predicted {guess}, probability of the label {own:.2%}"
            for part, index, label, guess, own, _ in rows
        ],
    )
    figure.update_layout(title="Hardest digits: label → prediction, gradient norm")
    return figure


def suspected_labels(images: NDArray[np.uint8], table: pd.DataFrame, class_names: Sequence[str] = ()) -> go.Figure:
    """Draw the digits whose labels are doubtful: label, suggestion and part of the data.

    Args:
        images: The images of the rows of the table, uint8 of shape [N, 28, 28].
        table: N rows (may be empty) with the columns ``part``, ``index``, ``label``, ``suggestion`` and
            ``label_probability`` (fraction of 1).
        class_names: Names of the classes; empty for digits.
    """
    table = named(table, class_names, "label", "suggestion")
    rows = list(
        zip(
            *(table[column].tolist() for column in ("part", "index", "label", "suggestion", "label_probability")),
            strict=True,
        )
    )
    figure = (
        image_grid(
            images,
            _COLUMNS,
            captions=[
                f"{caption(f'{label}, or', f'{suggestion}?')}<br>{'test' if part == 'test' else 'training'}"
                for part, _, label, suggestion, _ in rows
            ],
            colors=[INK] * len(rows),
            hover=[
                f"{part} digit {index}: labelled {label}, probability of the label {own:.2%}"
                for part, index, label, _, own in rows
            ],
        )
        if rows
        else empty_grid("No doubtful labels")
    )
    figure.update_layout(title="Digits with doubtful labels")
    return figure


def near_duplicates(
    test_images: NDArray[np.uint8],
    train_images: NDArray[np.uint8],
    table: pd.DataFrame,
    class_names: Sequence[str] = (),
) -> go.Figure:
    """Draw test digits, each next to the training digit that it nearly equals.

    Args:
        test_images: The test images of the rows, uint8 of shape [N, 28, 28].
        train_images: The training images of the rows, same shape.
        table: N rows (may be empty) with the columns ``index``, ``train_index``, ``label``, ``train_label`` and
            ``relative_distance`` (fraction of 1).
        class_names: Names of the classes; empty for digits.
    """
    table = named(table, class_names, "label", "train_label")
    columns = ("index", "train_index", "label", "train_label", "relative_distance")
    rows = list(zip(*(table[column].tolist() for column in columns), strict=True))
    pairs = np.stack([test_images, train_images], axis=1).reshape(-1, *test_images.shape[1:])  # [2 N, 28, 28]
    figure = (
        image_grid(
            pairs,
            _COLUMNS,
            captions=[
                text
                for index, train_index, _, _, distance in rows
                for text in (f"<b>test {index}</b><br>{distance:.1%}", f"training<br>{train_index}")
            ],
            colors=[BLUE, INK] * len(rows),
            hover=[
                text
                for index, train_index, label, train_label, distance in rows
                for text in (
                    f"test digit {index}, labelled {label}: distance {distance:.2%}",
                    f"training digit {train_index}, labelled {train_label}",
                )
            ],
        )
        if rows
        else empty_grid("No near-duplicates")
    )
    figure.update_layout(title="Test digits that nearly equal a training digit")
    return figure
