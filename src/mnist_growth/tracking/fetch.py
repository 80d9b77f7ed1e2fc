"""Downloading a trained network from MLflow."""

import tempfile
from pathlib import Path

from mnist_growth.tracking.store import connect, used_by_fluent_api


def fetch_network(project: Path, model_uri: str) -> Path:
    """Download the file of the network in a logged model to a new temporary folder, which is not removed.

    Args:
        project: Root folder of the project; its store is used unless MLFLOW_TRACKING_URI names another.
        model_uri: URI of the model: `models:/m-...`, `models:/<name>/<version>` or `runs:/<run id>/network`.

    Returns:
        Path of the network's file.

    Raises:
        ValueError: There is no such model, or it does not contain a network of this project.
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
    except Exception as error:  # from MLflow, from its database, or from the connection
        reason = " ".join(str(error).split())
        raise ValueError(
            f"MLflow at {tracking_uri} cannot provide the model {model_uri!r} ({reason}): choose a model that "
            "`mlflow ui` lists"
        ) from error
    found = sorted(folder.rglob("*.safetensors"))
    if len(found) != 1:
        raise ValueError(
            f"The MLflow model {model_uri!r} does not contain a network of this project: choose one that a run logged"
        )
    return found[0]
