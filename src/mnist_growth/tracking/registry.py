"""The champion among the networks of a project, in MLflow's model registry."""

import json
import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from mnist_growth.credentials import without_credentials
from mnist_growth.tracking.processes import close_abandoned_runs
from mnist_growth.tracking.repetition import repeated
from mnist_growth.tracking.store import connect, has_store

if TYPE_CHECKING:
    from mlflow import MlflowClient

logger = logging.getLogger(__name__)

SAMPLE = "sample"
"""Name of the data set of 5,000 digits, on which networks are trained to try something out."""

MODEL = "mnist-growth"
"""Name of the registered model, whose versions are the trained networks."""

CHAMPION = "champion"
"""Alias of the version that the service prefers."""

_VERSIONS_TAG = "mlflow.modelVersions"  # MLflow's page of a model shows them


@dataclass(frozen=True)
class Candidate:
    """A trained network in the registry.

    Attributes:
        version: Version in the catalog.
        sha256: SHA-256 (hex) of the weights.
        dataset: Name of the data set that it was trained on.
        fingerprint: SHA-256 (hex) of that data set.
        environment: Configuration environment of its training.
        validation_accuracy: Accuracy on the validation digits.
    """

    version: str
    sha256: str
    dataset: str
    fingerprint: str
    environment: str
    validation_accuracy: float

    def replaces(self, champion: "Candidate | None") -> bool:
        """Whether this network becomes the champion.

        It does if it is more accurate on the validation digits of the same data set. Accuracies on different data sets
        cannot be compared: then only a champion that was trained on the sample is replaced, by one of a complete set.
        """
        if champion is None:
            return True
        if self.fingerprint == champion.fingerprint:
            return self.validation_accuracy > champion.validation_accuracy
        return champion.dataset == SAMPLE and self.dataset != SAMPLE


def register(client: "MlflowClient", run_id: str, model_id: str, candidate: Candidate) -> None:
    """Register a logged network, and make it the champion if it replaces the present one.

    Args:
        client: Client of the store.
        run_id: Run that logged the network.
        model_id: Id of the logged model.
        candidate: The network.
    """
    champion = _champion(client)
    _create_model(client)
    tags = {name: str(value) for name, value in vars(candidate).items()}
    source = f"models:/{model_id}"
    description = f"{candidate.dataset}, validation accuracy {candidate.validation_accuracy:.2%}"
    created = repeated(
        lambda: client.create_model_version(MODEL, source, run_id, tags, description=description, model_id=model_id)
    )
    versions = json.dumps([{"name": MODEL, "version": int(created.version)}])
    repeated(lambda: client.set_logged_model_tags(model_id, {_VERSIONS_TAG: versions}))
    if candidate.replaces(champion):
        repeated(lambda: client.set_registered_model_alias(MODEL, CHAMPION, created.version))
        logger.info("The champion is now network %s", candidate.version)
    elif champion is not None:
        logger.info(
            "The champion remains network %s (%s, validation accuracy %.2f %%); `kedro champion %s` chooses this one",
            champion.version,
            champion.dataset,
            100 * champion.validation_accuracy,
            candidate.version,
        )


def _create_model(client: "MlflowClient") -> None:
    """Create the registered model if it does not exist."""
    from mlflow.exceptions import MlflowException

    def create() -> None:
        try:
            client.create_registered_model(MODEL, description="Networks trained by mnist-growth")
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise

    repeated(create)


def find_champion(project: Path) -> Candidate | None:
    """Return the champion of a project; None if there is none.

    Args:
        project: Root folder of the project.

    Raises:
        ValueError: MLflow cannot be used.
    """
    if not has_store(project):
        return None
    return _champion(_client(project))


def running_since(project: Path) -> datetime | None:
    """Return when the oldest run that has not ended began; None if there is none.

    Args:
        project: Root folder of the project.

    Raises:
        ValueError: MLflow cannot be used.
    """
    if not has_store(project):
        return None
    client, _, experiment_id = _connected(project)
    close_abandoned_runs(client, experiment_id)
    runs = client.search_runs(
        [experiment_id], "attributes.status = 'RUNNING'", order_by=["attributes.start_time ASC"], max_results=1
    )
    return next((datetime.fromtimestamp(run.info.start_time / 1000, UTC) for run in runs), None)


def choose_champion(project: Path, version: str) -> Candidate:
    """Make a network the champion, whatever its accuracy.

    Args:
        project: Root folder of the project.
        version: Version of the network in the catalog.

    Raises:
        ValueError: The network is not registered, or MLflow cannot be used.
    """
    client = _client(project)
    found = client.search_model_versions(f"name = '{MODEL}'") if has_store(project) else []
    known = {entry.tags.get("version", ""): entry for entry in found}
    if version not in known:
        names = ", ".join(sorted(filter(None, known))) or "none"
        raise ValueError(f"There is no registered network of version {version!r}; the registry has {names}")
    client.set_registered_model_alias(MODEL, CHAMPION, known[version].version)
    return _candidate(known[version].tags)


def _client(project: Path) -> "MlflowClient":
    return _connected(project)[0]


def _connected(project: Path) -> tuple["MlflowClient", str, str]:
    try:
        return connect(project)
    except Exception as error:
        reason = " ".join(str(getattr(error, "orig", None) or error).split())
        raise ValueError(f"MLflow cannot be used ({without_credentials(reason)})") from error


def _champion(client: "MlflowClient") -> Candidate | None:
    from mlflow.exceptions import MlflowException

    try:
        return _candidate(client.get_model_version_by_alias(MODEL, CHAMPION).tags)
    except (MlflowException, KeyError, ValueError) as error:
        logger.debug("There is no champion: %s", error)
        return None


def _candidate(tags: dict[str, str]) -> Candidate:
    accuracy = float(tags["validation_accuracy"])
    names = ("version", "sha256", "dataset", "fingerprint", "environment")
    return Candidate(**{name: tags[name] for name in names}, validation_accuracy=accuracy)
