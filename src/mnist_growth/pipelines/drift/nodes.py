"""Measurement of the drift reference, and figures of drift."""

from functools import partial
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from mnist_growth import drift, figures
from mnist_growth.batch import BatchResults, Picture, features_of, predict_pictures
from mnist_growth.digits import Digits, Split, already_prepared, evenly_spread
from mnist_growth.drift import DriftConfig, DriftReference
from mnist_growth.evaluation import check_training_digits
from mnist_growth.machine import release_pages
from mnist_growth.network import TrainedNetwork, predict_logits
from mnist_growth.report import RunFacts, drift_report


def measure_reference(
    trained: TrainedNetwork, train_digits: Digits, split: Split, config: DriftConfig
) -> DriftReference:
    """Measure style and predictions of validation digits, with the same code as for new images.

    Validation digits come from the training set, but the network has not learned them; its confidence on the digits
    that it has learned is higher than on new ones.

    Raises:
        ValueError: The digits belong to another data set than the network.
    """
    check_training_digits(trained.dataset, trained.fingerprint, train_digits)
    rows = evenly_spread(split.validation, config.reference_digits)
    images = train_digits.images[rows]  # uint8 [M, 28, 28]
    release_pages(train_digits.images)
    pictures = (Picture(str(row), image) for row, image in zip(rows, images, strict=True))
    parts = predict_pictures(pictures, partial(predict_logits, trained.network), already_prepared, trained.class_names)
    measured = features_of(pd.concat([part.predictions for part in parts], ignore_index=True))
    return DriftReference.of(measured, config.bins, trained.network.classes, trained.sha256, trained.dataset)


def draw_distributions(results: BatchResults, reference: DriftReference, provenance: str) -> go.Figure:
    """Return the figure of the distributions of all images and of the training digits."""
    counts = drift.count_all(reference, map(features_of, results.tables()))
    return figures.stamp(figures.drift_distributions(drift.histogram_table(reference, counts)), provenance)


def draw_windows(report: pd.DataFrame, provenance: str) -> go.Figure:
    """Return the figure of the distance of each window from the training digits."""
    return figures.stamp(figures.drift_windows(report), provenance)


def write_page(
    trained: TrainedNetwork,
    results: BatchResults,
    windows: pd.DataFrame,
    distributions_figure: go.Figure,
    windows_figure: go.Figure,
    provenance: str,
    parameters: dict[str, Any],
    run_facts: RunFacts,
) -> str:
    """Return the page about the drift of the images."""
    drawn = {"drift_windows_figure": windows_figure, "drift_distributions_figure": distributions_figure}
    counts = {"predicted": results.predicted, "unreadable": results.unreadable, "doubtful": results.doubtful}
    doubts = {f"doubtful: {reason}": number for reason, number in results.doubts.items()}
    return drift_report(trained, windows, drawn, {**counts, **doubts}, provenance, parameters, run_facts)
