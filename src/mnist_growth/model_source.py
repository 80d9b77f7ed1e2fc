"""Where the service takes its network from: the catalog of the Kedro project, or MLflow."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kedro.framework.context import KedroContext
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from kedro.io import DataCatalog
from kedro.io.core import DatasetError

from mnist_growth.datasets import Found, Results
from mnist_growth.drift import DriftConfig, DriftReference
from mnist_growth.export import OnnxNetwork
from mnist_growth.network import TrainedNetwork, load_network
from mnist_growth.serving import BackendName, OnnxPredictor, Predictor, ServedModel, ServingConfig
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
        threads: That onnxruntime uses.
    """

    project: Project
    version: str | None
    backend: BackendName
    threads: int = 1

    def __call__(self) -> ServedModel:
        """Load the network, and its confusion matrix and drift reference where there are some."""
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
        return ServedModel.of(
            trained,
            version,
            backend=self.backend,
            predict=_exported(context, self.backend, version, self.threads),
            confusion=_confusion(context, trained),
            drift=_drift(context, trained),
        )


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
        """Fetch the model and load its network.

        Raises:
            ValueError: Something else than torch is to compute it.
        """
        if self.backend != "torch":
            raise ValueError(
                f"serving.backend is {self.backend!r}, but a model of MLflow has not been exported: use torch, or a "
                "network of the catalog"
            )
        trained = load_network(fetch_network(self.project.path, self.uri))
        return ServedModel.of(trained, self.uri, drift=_drift(self.project.context(), trained))


def _find(context: KedroContext, name: str, trained: TrainedNetwork) -> Any | None:
    """The newest result of a network; None where there is none."""
    catalog = context._get_catalog()
    assert isinstance(catalog, DataCatalog)
    found = Results(catalog, pipelines={}).find(name, trained)
    return found.value if isinstance(found, Found) else None


def _confusion(context: KedroContext, trained: TrainedNetwork) -> Sequence[Sequence[int]] | None:
    """Counts of the newest evaluation of a network."""
    matrix = _find(context, "confusion_matrix", trained)
    return None if matrix is None else matrix.to_numpy().tolist()


def _exported(context: KedroContext, backend: BackendName, version: str, threads: int) -> Predictor | None:
    """The export of a network that a backend computes; None for torch, which needs none."""
    if backend == "torch":
        return None
    folder = Path(context._get_catalog()[f"network_{backend}"]._filepath)
    return OnnxPredictor(OnnxNetwork.find(folder, version, threads))


def _drift(context: KedroContext, trained: TrainedNetwork) -> tuple[DriftReference, DriftConfig] | None:
    """The newest drift reference of a network, and how to compare with it."""
    reference = _find(context, "drift_reference", trained)
    return None if reference is None else (reference, DriftConfig.model_validate(context.params["drift"]))
