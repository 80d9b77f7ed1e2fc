"""The trained network as an MLflow model, stored as its safetensors file without pickle.

MLflow imports this module by name when it loads the model and calls `_load_pyfunc`.
"""

from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mnist_growth.digits import IMAGE_SIDE, to_grey_values
from mnist_growth.evaluation.predictions import PROBABILITY_COLUMNS, prediction_table
from mnist_growth.network import PIXELS, TrainedNetwork, load_network, predict_logits
from mnist_growth.tracking.store import used_by_fluent_api

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.models import ModelSignature

_REQUIREMENTS = ("mnist-growth", "numpy", "pandas", "safetensors", "torch")


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
            One row per image with the columns `digit` (int64), `confidence` (its probability) and `probability_0` to
            `probability_9` (float64).

        Raises:
            ValueError: The images have another shape or scale, or an image shows nothing.
        """
        prepared = self.trained.preparation.apply_all(to_grey_values(_as_images(images)))
        table = prediction_table(predict_logits(self.trained.network, prepared))
        return table.rename(columns={"prediction": "digit"})[["digit", "confidence", *PROBABILITY_COLUMNS]]


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


def log_model(client: "MlflowClient", uri: str, run_id: str, path: Path, name: str, example: NDArray[np.uint8]) -> None:
    """Log a network as a model of a run.

    Args:
        client: Client of the store.
        uri: Tracking URI of the store.
        run_id: Id of the run.
        path: The network's safetensors file.
        name: Name of the model.
        example: Images that are stored as an example of the input, uint8 of shape [N, 28, 28].
    """
    import mlflow.pyfunc
    from mlflow.models import Model

    run = client.get_run(run_id)
    # Created here, because MLflow would put it into the current experiment of this process.
    logged = client.create_logged_model(run.info.experiment_id, name, source_run_id=run_id, params=run.data.params)
    with used_by_fluent_api(uri):
        Model.log(
            artifact_path=None,
            flavor=mlflow.pyfunc,
            run_id=run_id,
            model_id=logged.model_id,
            loader_module=__name__,
            data_path=str(path),
            signature=_signature(),
            input_example=example,
            # Listed here, because MLflow would load the model in a new process to find out, which takes long.
            pip_requirements=[f"{package}=={version(package).split('+')[0]}" for package in _REQUIREMENTS],
        )


def _signature() -> "ModelSignature":
    """Input and output of the model in MLflow's terms."""
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, DataType, Schema, TensorSpec

    numbers = [ColSpec(DataType.double, name) for name in ("confidence", *PROBABILITY_COLUMNS)]
    return ModelSignature(
        # MLflow would convert the numbers of a message to the type that is stated here: fractions would become 0.
        inputs=Schema([TensorSpec(np.dtype(object), (-1,))]),
        outputs=Schema([ColSpec(DataType.long, "digit"), *numbers]),
    )
