"""The trained network as an MLflow model, stored as its safetensors file without pickle."""

import shutil
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mnist_growth import pyfunc
from mnist_growth.evaluation.predictions import probability_columns
from mnist_growth.network import load_network
from mnist_growth.tracking.description import describe_model
from mnist_growth.tracking.store import used_by_fluent_api

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.models import ModelSignature

SHA256_TAG = "network_sha256"
"""Tag of a logged model: SHA-256 (hex) of the weights."""

_REQUIREMENTS = (
    "numpy",
    "pandas",
    "pillow",
    "psutil",
    "pyarrow",
    "pydantic",
    "requests",
    "rich",
    "safetensors",
    "scikit-image",
    "scipy",
    "torch",
)
"""Packages that the stored code imports."""

_CODE = (
    "__init__.py",
    "config_model.py",
    "credentials.py",
    "digits",
    "kernels",
    "evaluation",
    "growth",
    "learning",
    "machine",
    "nested.py",
    "network",
    "progress.py",
    "pyfunc.py",
    "shown_path.py",
)
"""Modules and packages that `pyfunc` imports, and those that they import."""


def log_model(client: "MlflowClient", uri: str, run_id: str, path: Path, name: str, example: NDArray[np.uint8]) -> str:
    """Log a network as a model of a run, and return the id of the model.

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

    trained = load_network(path)
    run = client.get_run(run_id)
    # Created here, because MLflow would put it into the current experiment of this process.
    logged = client.create_logged_model(
        run.info.experiment_id,
        name,
        source_run_id=run_id,
        params=run.data.params,
        tags={SHA256_TAG: trained.sha256, "dataset": trained.dataset},
    )
    client.set_logged_model_tags(logged.model_id, {"mlflow.note.content": describe_model(trained, logged.model_id)})
    with used_by_fluent_api(uri), tempfile.TemporaryDirectory() as folder:
        Model.log(
            artifact_path=None,
            flavor=mlflow.pyfunc,
            run_id=run_id,
            model_id=logged.model_id,
            loader_module=pyfunc.__name__,
            data_path=str(path),
            # mnist-growth is in no package index.
            code_paths=[str(_copy_code(Path(folder)))],
            signature=_signature(len(trained.class_names)),
            input_example=example,
            # Listed here, because MLflow would load the model in a new process to find out, which takes long.
            pip_requirements=[f"{package}=={version(package).split('+')[0]}" for package in _REQUIREMENTS],
        )
    return str(logged.model_id)


def find_model(client: "MlflowClient", experiment_id: str, sha256: str) -> str | None:
    """Return the id of the newest logged model with these weights; None if the store has none.

    Args:
        client: Client of the store.
        experiment_id: Experiment of the model.
        sha256: SHA-256 (hex) of the weights.
    """
    from mlflow.exceptions import MlflowException

    try:
        found = client.search_logged_models(
            [experiment_id],
            f"tags.`{SHA256_TAG}` = '{sha256}'",
            max_results=1,
            order_by=[{"field_name": "creation_time", "ascending": False}],
        )
    except MlflowException:  # from a server that has no logged models
        return None
    return next((str(model.model_id) for model in found), None)


def _copy_code(folder: Path) -> Path:
    """Copy the code that loads a network to a folder, and return the folder of the package in it."""
    package = Path(pyfunc.__file__).parent
    copied = folder / package.name
    copied.mkdir()
    for name in _CODE:
        if (package / name).is_dir():
            shutil.copytree(package / name, copied / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(package / name, copied / name)
    return copied


def _signature(classes: int) -> "ModelSignature":
    """Input and output of a model in MLflow's terms."""
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, DataType, Schema, TensorSpec

    numbers = [ColSpec(DataType.double, name) for name in ("confidence", *probability_columns(classes))]
    return ModelSignature(
        # MLflow would convert the numbers of a message to the type that is stated here: fractions would become 0.
        inputs=Schema([TensorSpec(np.dtype(object), (-1,))]),
        outputs=Schema([ColSpec(DataType.long, "prediction"), ColSpec(DataType.string, "class_name"), *numbers]),
    )
