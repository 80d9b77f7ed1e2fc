"""The object that `mlflow.pyfunc.load_model` wraps: a network that returns its predictions as a table.

MLflow imports this module by name when it loads a model and calls `_load_pyfunc`. The module and the packages that it
imports are stored with each model, so that a model also loads where mnist-growth is not installed.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mnist_growth.digits import IMAGE_SIDE, to_grey_values
from mnist_growth.evaluation.predictions import prediction_table, probability_columns
from mnist_growth.network import PIXELS, TrainedNetwork, load_network, predict_logits


class DigitClassifier:
    """The object that `mlflow.pyfunc.load_model` wraps: a network that returns its predictions as a table."""

    def __init__(self, trained: TrainedNetwork) -> None:
        self.trained = trained

    def predict(
        self,
        images: NDArray[np.generic] | pd.DataFrame,
        params: dict[str, Any] | None = None,  # noqa: ARG002
    ) -> pd.DataFrame:
        """Classify images, which are prepared as those of the training data were.

        Args:
            images: Grey values of shape [N, H, W], or [N, 784] for images of 28 x 28 pixels: from 0 to 255, or
                floating-point numbers from 0 to 1.
            params: Not used; MLflow passes it.

        Returns:
            One row per image with the columns `prediction` (int64), `class_name` (text), `confidence` (its
            probability), and `probability_0`, `probability_1` and so on (float64).

        Raises:
            ValueError: The images have another shape or scale, or an image shows nothing.
        """
        prepared = self.trained.preparation.apply_all(to_grey_values(_as_images(images)))
        table = prediction_table(predict_logits(self.trained.network, prepared))
        table["class_name"] = [self.trained.class_names[number] for number in table["prediction"]]
        columns = probability_columns(len(self.trained.class_names))
        return table[["prediction", "class_name", "confidence", *columns]]


def _as_images(values: NDArray[np.generic] | pd.DataFrame) -> NDArray[np.generic]:
    """Return an array or a table of grey values as images [N, H, W]."""
    array = np.asarray(values)
    if array.dtype == object:  # lists in a JSON message
        try:
            array = np.array(array.tolist())
        except ValueError:
            raise ValueError("The images differ in size: send images of one size in each request") from None
    if array.ndim == 2 and array.shape[1] == PIXELS:
        return array.reshape(-1, IMAGE_SIDE, IMAGE_SIDE)
    if array.ndim != 3 or array.size == 0:
        raise ValueError(
            f"The images have the shape {list(array.shape)}, expected [N, height, width] or [N, {PIXELS}] with N >= 1"
        )
    return array


def _load_pyfunc(path: str) -> DigitClassifier:
    """Load a network for MLflow, which passes the path of its file."""
    return DigitClassifier(load_network(Path(path)))
