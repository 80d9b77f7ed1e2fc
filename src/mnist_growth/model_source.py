"""Sources of the network of a service: the catalog of the Kedro project, or MLflow."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kedro.framework.context import KedroContext
from kedro.framework.session import KedroSession
from kedro.io import DataCatalog
from kedro.io.core import DatasetError

from mnist_growth.datasets import Found, Results
from mnist_growth.drift import DriftConfig, DriftReference
from mnist_growth.export import OnnxNetwork
from mnist_growth.network import TrainedNetwork, load_network
from mnist_growth.project import configure, default_configuration
from mnist_growth.serving import BackendName, OnnxPredictor, Predictor, ServedModel, ServingConfig
from mnist_growth.tracking import fetch_network


@dataclass(frozen=True)
class Project:
    """A Kedro project with the options of a command.

    Attributes:
        path: Root folder.
        env: Configuration environment; None for the default one.
        conf_source: Folder of the configuration; None for that of the project.
        parameters: Changed parameters, nested as in the files.
    """

    path: Path
    env: str | None
    conf_source: str | None
    parameters: dict[str, Any]

    def context(self) -> KedroContext:
        """Load the current configuration and catalog, and validate the parameters."""
        configure(self.path)
        session = KedroSession.create(
            self.path,
            env=self.env,
            conf_source=self.conf_source or str(default_configuration(self.path)),
            runtime_params=self.parameters,
            save_on_close=False,
        )
        return session.load_context()


def serving_config(project: Project) -> ServingConfig:
    """Return the parameters of the service.

    Raises:
        ValueError: A parameter is invalid.
    """
    return ServingConfig.model_validate(project.context().params["serving"])


@dataclass(frozen=True)
class CatalogSource:
    """Loads the network from the catalog: the newest one, or always the same version.

    Attributes:
        project: The project.
        version: Version of the network; None for the newest one.
        backend: Name of the backend.
        threads: Number of threads of onnxruntime.
    """

    project: Project
    version: str | None
    backend: BackendName
    threads: int

    def __call__(self) -> ServedModel:
        """Load the network, its confusion matrix and its drift reference, if they exist."""
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
            predict=_exported(context, self.backend, trained, self.threads),
            confusion=_confusion(context, trained),
            drift=_drift(context, trained),
            detector=_find(context, "novelty_detector", trained),
        )


@dataclass(frozen=True)
class MlflowSource:
    """Loads the network from a model in MLflow.

    Attributes:
        project: The project; its MLflow store is used unless MLFLOW_TRACKING_URI names another.
        uri: URI of the model: `models:/...` or `runs:/.../network`.
        backend: Name of the backend; it must be torch.
    """

    project: Project
    uri: str
    backend: BackendName

    def __call__(self) -> ServedModel:
        """Download the model and load its network.

        Raises:
            ValueError: The backend is not torch, or there is no such model.
        """
        if self.backend != "torch":
            raise ValueError(
                f"The parameter serving.backend is {self.backend!r}, but models in MLflow are not exported: use torch, "
                "or a network of the catalog"
            )
        trained = load_network(fetch_network(self.project.path, self.uri))
        context = self.project.context()
        detector = _find(context, "novelty_detector", trained)
        return ServedModel.of(trained, self.uri, drift=_drift(context, trained), detector=detector)


def _find(context: KedroContext, name: str, trained: TrainedNetwork) -> Any | None:
    """The newest result of a network; None if there is none."""
    catalog = context._get_catalog()
    assert isinstance(catalog, DataCatalog)
    found = Results(catalog, pipelines={}).find(name, trained)
    return found.value if isinstance(found, Found) else None


def _confusion(context: KedroContext, trained: TrainedNetwork) -> Sequence[Sequence[int]] | None:
    """Counts of the newest evaluation of a network."""
    matrix = _find(context, "confusion_matrix", trained)
    return None if matrix is None else matrix.to_numpy().tolist()


def _exported(context: KedroContext, backend: BackendName, trained: TrainedNetwork, threads: int) -> Predictor | None:
    """The exported network for a backend; None for torch, which needs none."""
    if backend == "torch":
        return None
    folder = Path(context._get_catalog()[f"network_{backend}"]._filepath)
    return OnnxPredictor(OnnxNetwork.find(folder, trained, threads))


def _drift(context: KedroContext, trained: TrainedNetwork) -> tuple[DriftReference, DriftConfig] | None:
    """The newest drift reference of a network and the parameters of the comparison."""
    reference = _find(context, "drift_reference", trained)
    return None if reference is None else (reference, DriftConfig.model_validate(context.params["drift"]))
