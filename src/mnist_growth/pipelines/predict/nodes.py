"""Prediction of the images of a folder, IDX file or table, and their comparison with the training digits."""

import logging
from collections.abc import Iterable
from dataclasses import replace
from functools import partial

import pandas as pd

from mnist_growth import drift
from mnist_growth.batch import (
    UNREADABLE,
    BatchResults,
    Part,
    PredictConfig,
    features_of,
    open_source,
    predict_prepared,
    prepare_on_cluster,
    prepare_pictures,
)
from mnist_growth.drift import DriftConfig, DriftReference
from mnist_growth.evaluation.doubt import DoubtLimits
from mnist_growth.lineage import Lineage, mark
from mnist_growth.network import TrainedNetwork, predict_logits
from mnist_growth.novelty import NoveltyConfig, NoveltyDetector, novelty_of
from mnist_growth.progress import track
from mnist_growth.shown_path import shown_path

logger = logging.getLogger(__name__)


def predict_images(
    trained: TrainedNetwork, detector: NoveltyDetector, config: PredictConfig, novelty_config: NoveltyConfig
) -> Iterable[Part]:
    """Return the predictions as a generator: they are computed while they are saved, because memory may be too small.

    Raises:
        ValueError: There are no images, or the detector belongs to another network.
    """
    novelty = novelty_of(trained, detector)
    source = open_source(config.folder, config.transposed, config.max_pixels)
    prepare = trained.preparation.apply
    if config.engine == "ray":
        prepared = track(prepare_on_cluster(source, config, prepare), len(source))
    else:
        prepared = prepare_pictures(track(source, len(source)), prepare)
    parts = predict_prepared(
        prepared,
        partial(predict_logits, trained.network),
        trained.class_names,
        novelty=novelty,
        limits=DoubtLimits(config.min_confidence, novelty_config.accepted_fraction),
        strict=config.strict,
    )
    network = Lineage(network_sha256=trained.sha256)
    return (replace(part, predictions=mark(part.predictions, network)) for part in parts)


def describe_predictions(results: BatchResults, trained: TrainedNetwork, config: PredictConfig) -> str:
    """Return the subtitle of the figures, and log the numbers of predictions, doubtful ones and unreadable images.

    Raises:
        ValueError: No image could be read.
    """
    if not results.predicted:
        raise ValueError(
            f"None of the {results.unreadable:,} images of {config.folder} can be read: "
            f"{results.folder / UNREADABLE} has the reasons"
        )
    logger.info(
        "Predicted %s images of %s; the results are in %s", f"{results.predicted:,}", config.folder, results.folder
    )
    if results.doubtful:
        reasons = ", ".join(f"{number:,} {reason}" for reason, number in results.doubts.items())
        logger.warning("%s of %s doubtful: %s", f"{results.doubtful:,}", f"{results.predicted:,}", reasons)
    if results.unreadable:
        logger.warning("Skipped %s unreadable images; unreadable.csv lists them", f"{results.unreadable:,}")
    widths = "-".join(map(str, trained.network.widths))
    images = f"{results.predicted:,} images of {shown_path(config.folder or '')}"
    return f"{images} · network {widths} trained on {trained.dataset}"


def watch_drift(results: BatchResults, reference: DriftReference, config: DriftConfig) -> pd.DataFrame:
    """Compare the images with the training digits, window by window, and log which features have drifted."""
    report = drift.watch(reference, map(features_of, results.tables()), config)
    windows, alarms = report["window"].nunique(), report[report["alarm"]]
    if len(alarms):
        features = ", ".join(_worst(rows) for _, rows in alarms.groupby("feature", sort=False))
        logger.warning("Drift in %d of %d windows: %s", alarms["window"].nunique(), windows, features)
    elif windows:
        noun = "window" if windows == 1 else "windows"
        logger.info("No drift in %d %s of at most %d images", windows, noun, config.window)
    return report


def _worst(alarms: pd.DataFrame) -> str:
    """Return a description of the largest alarm of a feature."""
    worst = alarms.sort_values("times_limit").to_dict("records")[-1]
    value, name = worst[worst["measure"]], worst["measure"].upper()
    return f"{worst['feature']} ({name} {value:.3g}, limit {value / worst['times_limit']:.3g})"
