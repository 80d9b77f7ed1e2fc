"""Fit the scaling law of growth to measured trainings: `python -m benchmarks.growth.law`.

Prints the constants of `mnist_growth.growth.scaling_law.MEASURED`, and the measured and the fitted error of each
training.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from mnist_growth.growth.scaling_law import ScalingLaw

FILE = Path(__file__).with_name("scaling_law.json")
IMAGES = 54_000
START = ScalingLaw(0.4, 0.1, 1.0, 0.4, 0.6, 128.0, 1.0)


def main() -> None:
    """Fit, and print."""
    trainings = read()
    law, residuals = fit(trainings)
    print(law)
    print(f"{len(trainings)} trainings, root mean square of the relative errors {np.sqrt(np.mean(residuals**2)):.1%}")
    for training in trainings:
        widths = "-".join(map(str, training["widths"]))
        epochs = "+".join(f"{epochs:.1f}" for epochs in training["epochs"])
        print(f"{widths:>14} {epochs:>14} epochs: {training['validation_error']:.3f} % {expected(law, training):.3f} %")


def read() -> list[dict[str, Any]]:
    """Return the measured trainings."""
    trainings: list[dict[str, Any]] = json.loads(FILE.read_text("utf-8"))["trainings"]
    return trainings


def fit(trainings: Sequence[Mapping[str, Any]]) -> tuple[ScalingLaw, NDArray[np.float64]]:
    """Return the law with the smallest squared relative errors, and these errors.

    Args:
        trainings: As ``read`` returns them.
    """

    def residuals(logarithms: NDArray[np.float64]) -> NDArray[np.float64]:
        law = ScalingLaw(*np.exp(logarithms))
        return np.array([np.log(expected(law, training) / training["validation_error"]) for training in trainings])

    found = least_squares(residuals, np.log(astuple(START)))
    return ScalingLaw(*np.exp(found.x).tolist()), residuals(found.x)


def expected(law: ScalingLaw, training: Mapping[str, Any]) -> float:
    """Return the validation error in percent that a law expects of a training."""
    *narrow, last = training["widths"]
    *before, after = training["epochs"]
    passes = after + sum(law.value(width) * epochs for width, epochs in zip(narrow, before, strict=True))
    return law.error(last, passes * IMAGES)


if __name__ == "__main__":
    main()
