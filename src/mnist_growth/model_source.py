"""Where the service takes its network from: the catalog of the Kedro project, or MLflow."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kedro.framework.context import KedroContext
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from kedro.io.core import DatasetError

from mnist_growth.network import load_network
from mnist_growth.serving import BackendName, ServedModel, ServingConfig
from mnist_growth.tracking import fetch_network


@dataclass(frozen=True)
class Project:
    """A Kedro project as a run with certain options would see it.

    Attributes:
        path: Root folder.
        env: Name of the environment of its configuration; None is the default one.
        conf_source: Folder of the configuration, if it is not ``conf``.
        parameters: That are changed, nested as in the files.
    """

    path: Path
    env: str | None
    conf_source: str | None
    parameters: dict[str, Any]

    def context(self) -> KedroContext:
        """Configuration and catalog as they are now, with the parameters checked."""
        bootstrap_project(self.path)
        session = KedroSession.create(
            self.path, env=self.env, conf_source=self.conf_source, runtime_params=self.parameters, save_on_close=False
        )
        return session.load_context()


def serving_config(project: Project) -> ServingConfig:
    """The parameters of the service.

    Raises:
        ValueError: One of them is wrong.
    """
    return ServingConfig.model_validate(project.context().params["serving"])


@dataclass(frozen=True)
class CatalogSource:
    """Takes the network from the catalog: the newest each time, or always the same version.

    Attributes:
        project: Whose catalog it is.
        version: Name of the folder of the network, if not the newest.
        backend: What is to compute it.
    """

    project: Project
    version: str | None
    backend: BackendName

    def __call__(self) -> ServedModel:
        """Load the network, and the confusion of the run that made it where that has tested it."""
        context = self.project.context()
        catalog = context._get_catalog(load_versions={"network": self.version} if self.version else None)
        dataset = catalog["network"]
        try:
            trained = dataset.load()
        except DatasetError as error:
            if isinstance(error.__cause__, ValueError | OSError):
                raise error.__cause__ from None
            raise
        version = self.version or str(dataset.resolve_load_version())
        return ServedModel.of(trained, version, backend=self.backend, confusion=_confusion(context, version))


@dataclass(frozen=True)
class MlflowSource:
    """Takes the network from a model in MLflow.

    Attributes:
        project: Whose MLflow record is used, unless MLFLOW_TRACKING_URI names another.
        uri: Of the model: ``models:/...`` or ``runs:/.../network``.
        backend: What is to compute it.
    """

    project: Project
    uri: str
    backend: BackendName

    def __call__(self) -> ServedModel:
        """Fetch the model and load its network."""
        return ServedModel.of(load_network(fetch_network(self.project.path, self.uri)), self.uri, backend=self.backend)


def _confusion(context: KedroContext, version: str) -> Sequence[Sequence[int]] | None:
    """Counts of the run that has this version; a later test of the network has a version of its own."""
    catalog = context._get_catalog(load_versions={"confusion_matrix": version})
    if not catalog.exists("confusion_matrix"):
        return None
    counts: list[list[int]] = catalog.load("confusion_matrix").to_numpy().tolist()
    return counts
