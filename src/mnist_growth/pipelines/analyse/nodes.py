"""Errors by style and difficulty, and properties of the digits themselves."""

import numpy as np
import pandas as pd

from mnist_growth import evaluation
from mnist_growth.digits import Digits, Split, class_statistics, measure_style, nearest
from mnist_growth.digits.interventions import INTERVENTIONS
from mnist_growth.evaluation import AnalysisConfig
from mnist_growth.inspection import gradient_norms
from mnist_growth.network import TrainedNetwork, predict_logits
from mnist_growth.progress import track
from mnist_growth.training import training_parts

_CHUNK = 2_000  # digits changed at once; the positions of missing pieces repeat from chunk to chunk


def digit_style(test_digits: Digits) -> pd.DataFrame:
    """Return the style of each test digit: its index, its label and the columns of ``digits.Style``."""
    chunks = track(_chunks(test_digits), len(test_digits), _CHUNK)
    style = pd.concat([pd.DataFrame(vars(measure_style(chunk))) for chunk in chunks], ignore_index=True)
    style.insert(0, "index", np.arange(len(test_digits)))
    style.insert(1, "label", np.asarray(test_digits.labels))
    return style


def find_nearest(test_digits: Digits, train_digits: Digits) -> pd.DataFrame:
    """Return the most similar training digit of each test digit.

    Returns:
        The columns ``index`` and ``label`` of the test digit, ``train_index`` and ``train_label`` of the training digit
        (int64), ``distance`` (Euclidean, of pixels on the scale 0 to 1) and ``relative_distance`` (share of the length
        of the longer vector of pixels).
    """
    index, distance, relative = nearest(test_digits.images, train_digits.images)
    return pd.DataFrame(
        {
            "index": np.arange(len(test_digits)),
            "label": np.asarray(test_digits.labels),
            "train_index": index,
            "train_label": train_digits.labels[index],
            "distance": distance,
            "relative_distance": relative,
        }
    )


def find_near_duplicates(nearest_digits: pd.DataFrame, config: AnalysisConfig) -> pd.DataFrame:
    """Return the test digits that nearly equal a training digit, the nearest first."""
    near = nearest_digits[nearest_digits["relative_distance"] <= config.duplicate_distance]
    return near.sort_values(["relative_distance", "index"], ignore_index=True)


def measure_style_effects(
    predictions: pd.DataFrame, style: pd.DataFrame, nearest_digits: pd.DataFrame, config: AnalysisConfig
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the error rate by each measure of style, and its difference for digits of unusual style.

    The distance to the nearest training digit counts as a measure.
    """
    wrong = (predictions["label"] != predictions["prediction"]).to_numpy()
    measures = evaluation.style_measures(style).assign(nearest_distance=nearest_digits["relative_distance"])
    return evaluation.style_effects(measures, wrong, config.quantiles), evaluation.style_differences(style, wrong)


def intervene(trained: TrainedNetwork, test_digits: Digits, predictions: pd.DataFrame) -> pd.DataFrame:
    """Return the accuracy on the test digits after each step of each of ``digits.INTERVENTIONS``."""
    labels = np.asarray(test_digits.labels)
    before = (predictions["label"] == predictions["prediction"]).to_numpy()
    steps = [(name, change, strength) for name, change in INTERVENTIONS.items() for strength in change.steps]
    rows = []
    for name, intervention, strength in track(steps, len(steps)):
        predicted = np.concatenate(
            [
                predict_logits(trained.network, intervention.change(chunk, strength)).argmax(axis=1)
                for chunk in _chunks(test_digits)
            ]
        )
        rows.append(evaluation.intervention_row(name, intervention.unit, strength, predicted == labels, before))
    return pd.DataFrame(rows)


def _chunks(digits: Digits) -> list[np.ndarray]:
    return [digits.images[start : start + _CHUNK] for start in range(0, len(digits), _CHUNK)]


def measure_difficulty(
    trained: TrainedNetwork, train_digits: Digits, split: Split, test_digits: Digits, predictions: pd.DataFrame
) -> pd.DataFrame:
    """Return the difficulty of every digit, the training digits first; see ``digit_difficulty``.

    Raises:
        ValueError: The training digits are of another set than the network was trained on.
    """
    evaluation.check_same_set(trained.dataset, trained.fingerprint, train_digits)
    table = evaluation.prediction_table(predict_logits(trained.network, train_digits.images), train_digits.labels)
    norms = gradient_norms(trained.network, train_digits.images, train_digits.labels)
    parts = training_parts(trained, split, len(train_digits))
    tables = [evaluation.digit_difficulty(table.iloc[rows], norms[rows], part) for part, rows in parts.items()]
    test_norms = gradient_norms(trained.network, test_digits.images, test_digits.labels)
    tables.append(evaluation.digit_difficulty(predictions, test_norms, "test"))
    return pd.concat(tables, ignore_index=True)


def find_hardest(difficulty: pd.DataFrame, config: AnalysisConfig) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the hardest training digits, and the digits of all parts with doubtful labels."""
    trained_on = difficulty[difficulty["part"] != "test"]
    return (
        evaluation.hardest_digits(trained_on, config.hardest_digits),
        evaluation.suspected_labels(difficulty, config.hardest_digits),
    )


def class_balance(train_digits: Digits, split: Split, test_digits: Digits) -> pd.DataFrame:
    """Return number and brightness of the digits of each class in each part.

    Returns:
        One row per part ("training", "validation", "test") and class: ``part``, ``digit``, ``class_name``, ``examples``
        (int64), ``share`` of the part (fraction of 1), ``pixel_mean`` and ``pixel_deviation`` (0 to 255; NaN where a
        class does not occur).
    """
    parts = {
        "training": (train_digits.images[split.train], train_digits.labels[split.train]),
        "validation": (train_digits.images[split.validation], train_digits.labels[split.validation]),
        "test": (test_digits.images, test_digits.labels),
    }
    tables = []
    for part, (images, labels) in parts.items():
        statistics = class_statistics(images, labels, len(train_digits.class_names))
        tables.append(
            pd.DataFrame(
                {
                    "part": part,
                    "digit": np.arange(len(statistics.count)),
                    "class_name": list(train_digits.class_names),
                    "examples": statistics.count,
                    "share": statistics.count / statistics.count.sum(),
                    "pixel_mean": statistics.mean,
                    "pixel_deviation": statistics.deviation,
                }
            )
        )
    return pd.concat(tables, ignore_index=True)
