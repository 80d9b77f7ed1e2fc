"""Choosing the images of a user that are most worth a label."""

import logging
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mnist_growth import studies
from mnist_growth.batch import (
    ImagesToLabel,
    LabelFolder,
    Picture,
    PredictConfig,
    copy_name,
    open_source,
    originals,
    predict_pictures,
)
from mnist_growth.evaluation.predictions import probability_columns
from mnist_growth.network import TrainedNetwork, predict_logits
from mnist_growth.progress import track
from mnist_growth.studies import ActiveConfig

logger = logging.getLogger(__name__)

_SEED = 0  # of the choices that are random


def choose_images_to_label(trained: TrainedNetwork, config: ActiveConfig, reading: PredictConfig) -> ImagesToLabel:
    """Predict the images, and choose those that are most worth a label.

    Args:
        trained: The network that is to learn from the labels.
        config: Has the images, their number and the strategy.
        reading: How images are read, as for predictions.

    Raises:
        ValueError: There are no images, none can be read, or the strategy does not fit the network.
    """
    folder = config.folder or ""
    open_images = partial(open_source, config.folder, reading.transposed, reading.max_pixels, "active.folder")
    source, paths = open_images(), list[Path | None]()
    parts = list(
        predict_pictures(
            _remembering(track(source, len(source)), paths),
            partial(predict_logits, trained.network),
            trained.preparation.apply,
            trained.class_names,
            strict=reading.strict,
        )
    )
    predictions = pd.concat([part.predictions for part in parts], ignore_index=True)
    unreadable = pd.concat([part.unreadable for part in parts], ignore_index=True)
    if predictions.empty:
        name, reason = unreadable.iloc[0]
        raise ValueError(
            f"None of the {len(unreadable):,} images of {folder} can be read, such as {name}: {reason}; give others "
            "with --params active.folder=<path>"
        )
    probabilities = predictions[probability_columns(len(trained.class_names))].to_numpy()
    forms = np.concatenate([part.forms for part in parts])
    _, features = studies.outputs(trained.network, forms, with_features=config.strategy == "badge")
    count = min(config.images, len(predictions))
    chosen = studies.most_useful(config.strategy, probabilities, features, count, np.random.default_rng(_SEED))
    scores = studies.scores(config.strategy, probabilities, features)
    positions = np.concatenate([part.positions for part in parts])[chosen].tolist()
    ranking = _ranking(
        predictions.iloc[chosen], scores[chosen], [paths[position] is not None for position in positions]
    )
    names = dict(zip(positions, ranking["copy"], strict=True))
    contents = originals({position: paths[position] for position in positions}, open_images, folder)
    copies = ((names[position], content) for position, content in contents)
    return ImagesToLabel(ranking, unreadable, copies, len(predictions), trained.sha256)


def describe_images_to_label(result: LabelFolder, config: ActiveConfig) -> None:
    """Log how many images were chosen, and where they are."""
    logger.info(
        "Chose %s of the %s images of %s with the strategy %s; they are in %s",
        f"{result.chosen:,}",
        f"{result.readable:,}",
        config.folder,
        config.strategy,
        result.folder,
    )
    if result.chosen < config.images:
        logger.warning("These are all images; active.images asks for %s", f"{config.images:,}")
    if result.unreadable:
        logger.warning("Skipped %s unreadable images; unreadable.csv lists them", f"{result.unreadable:,}")


def _remembering(pictures: Iterable[Picture], paths: list[Path | None]) -> Iterator[Picture]:
    """Yield pictures, and append the file of each to a list."""
    for picture in pictures:
        paths.append(picture.path)
        yield picture


def _ranking(predictions: pd.DataFrame, scores: NDArray[np.floating], are_files: list[bool]) -> pd.DataFrame:
    """Return the table of the chosen images; see ``ImagesToLabel``.

    Args:
        predictions: Of the chosen images, the most useful first.
        scores: Of the strategy, float [N].
        are_files: Whether the copy of each image is that of a file.
    """
    table = predictions[["prediction", "class_name", "confidence"]].reset_index(drop=True)
    table.insert(0, "rank", np.arange(1, len(table) + 1))
    table.insert(1, "file", predictions["name"].to_numpy())
    digits = len(str(len(table)))
    copies = [
        copy_name(f"{rank:0{digits}d}", name, is_file=is_file)
        for rank, name, is_file in zip(table["rank"], table["file"], are_files, strict=True)
    ]
    table.insert(2, "copy", pd.Series(copies, dtype="str"))
    table.insert(3, "score", scores)
    return table.astype({"file": "str"})
