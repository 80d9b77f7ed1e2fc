"""Getting a trained network back from MLflow."""

import tempfile
from pathlib import Path

from mnist_growth.tracking.store import connect, used_by_fluent_api


def fetch_network(project: Path, model_uri: str) -> Path:
    """Return the file of the network in a model that a run has logged, in a folder that stays.

    Args:
        project: Root folder of the project; its record is asked unless MLFLOW_TRACKING_URI names another.
        model_uri: As MLflow has it: ``models:/m-...``, ``models:/<name>/<version>`` or ``runs:/<run id>/network``.

    Raises:
        ValueError: There is no such model, or it holds no network of this project.
    """
    import mlflow.artifacts

    _, tracking_uri, _ = connect(project)
    try:
        with used_by_fluent_api(tracking_uri):
            folder = Path(
                mlflow.artifacts.download_artifacts(
                    artifact_uri=model_uri, dst_path=tempfile.mkdtemp(prefix="mnist-growth-model-")
                )
            )
    except Exception as error:  # of MLflow, of the database below it, or of the network
        reason = " ".join(str(error).split())
        raise ValueError(
            f"MLflow at {tracking_uri} gives no model {model_uri!r} ({reason}): "
            "`mlflow ui` shows the models that there are"
        ) from error
    found = sorted(folder.rglob("*.safetensors"))
    if len(found) != 1:
        raise ValueError(
            f"the MLflow model {model_uri!r} holds no network of this project: choose one that a run logged"
        )
    return found[0]
