"""Sources of the network of a service: the catalog of the Kedro project, or MLflow."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kedro.framework.context import KedroContext
from kedro.io import DataCatalog
from kedro.io.core import DatasetError

from mnist_growth import export
from mnist_growth.datasets import Found, Results
from mnist_growth.drift import DriftConfig, DriftReference
from mnist_growth.export import OnnxNetwork
from mnist_growth.machine import vector_instructions
from mnist_growth.network import TrainedNetwork, load_network
from mnist_growth.novelty import NoveltyConfig, NoveltyDetector
from mnist_growth.project_context import Project, load_version
from mnist_growth.serving import BackendName, OnnxPredictor, Predictor, ServedModel, ServingConfig
from mnist_growth.tracking import SAMPLE, Candidate, fetch_network, find_champion

logger = logging.getLogger(__name__)


def serving_config(project: Project) -> ServingConfig:
    """Return the parameters of the service.

    Raises:
        ValueError: A parameter is invalid.
    """
    return ServingConfig.model_validate(project.context().params["serving"])


@dataclass(frozen=True)
class CatalogSource:
    """Loads the network from the catalog: the champion, or always the same version.

    Attributes:
        project: The project.
        version: Version of the network; None for the champion, or for the newest one where there is no champion.
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
        champion = None if self.version else _champion(self.project.path)
        trained = load_version(context, self.version)
        if champion and champion.version != trained.version:
            trained = _load_champion(context, champion) or trained
        is_champion = champion is not None and champion.sha256 == trained.sha256
        version = trained.version
        _describe(context, trained, champion if is_champion else None, is_requested=self.version is not None)
        backend, predict = _automatic(trained, self.threads) if self.backend == "auto" else (self.backend, None)
        return ServedModel.of(
            trained,
            version,
            backend=backend,
            predict=predict or _exported(context, backend, trained, self.threads),
            confusion=_confusion(context, trained),
            drift=_drift(context, trained),
            detector=_novelty(context, trained),
        )


@dataclass(frozen=True)
class MlflowSource:
    """Loads the network from a model in MLflow.

    Attributes:
        project: The project; its MLflow store is used unless MLFLOW_TRACKING_URI names another.
        uri: URI of the model: `models:/...` or `runs:/.../network`.
        backend: Name of the backend; it must be auto or torch.
        threads: Number of threads of onnxruntime.
    """

    project: Project
    uri: str
    backend: BackendName
    threads: int

    def __call__(self) -> ServedModel:
        """Download the model and load its network.

        Raises:
            ValueError: The backend is neither auto nor torch, or there is no such model.
        """
        if self.backend not in {"auto", "torch"}:
            raise ValueError(
                f"The parameter serving.backend is {self.backend!r}, but models in MLflow are not exported: use auto "
                "or torch, or a network of the catalog"
            )
        trained = load_network(fetch_network(self.project.path, self.uri))
        context = self.project.context()
        backend, predict = _automatic(trained, self.threads) if self.backend == "auto" else (self.backend, None)
        drift, detector = _drift(context, trained), _novelty(context, trained)
        return ServedModel.of(trained, self.uri, backend=backend, predict=predict, drift=drift, detector=detector)


def _champion(path: Path) -> Candidate | None:
    """The champion of the project; None if there is none, or MLflow cannot be used."""
    try:
        return find_champion(path)
    except ValueError as error:
        logger.warning("%s: there is no champion to serve", error)
        return None


def _load_champion(context: KedroContext, champion: Candidate) -> TrainedNetwork | None:
    """Load the champion; None, with a warning, if the catalog does not have it."""
    try:
        trained = load_version(context, champion.version)
        if trained.sha256 == champion.sha256:
            return trained
        reason = f"the network of version {champion.version} has other weights"
    except (ValueError, OSError, DatasetError) as error:
        reason = str(error)
    logger.warning("The champion cannot be served (%s): serving the newest network", reason)
    return None


def _describe(
    context: KedroContext, trained: TrainedNetwork, champion: Candidate | None, *, is_requested: bool
) -> None:
    """Say which network is served, and warn if it was only trained to try something out."""
    metrics = _find(context, "test_metrics", trained)
    tested = f"test accuracy {metrics['accuracy']:.2%}" if metrics else "not evaluated"
    role = "champion" if champion else "as requested" if is_requested else "newest; there is no champion"
    widths = "-".join(map(str, trained.network.widths))
    logger.info("Serving network %s (%s): %s, dataset %s, %s", trained.version, role, widths, trained.dataset, tested)
    if trained.dataset == SAMPLE or (champion and champion.environment == "smoke"):
        logger.warning(
            "This network was trained on %s to try something out; `kedro run` trains one on all digits",
            "the 5,000 digits of the sample" if trained.dataset == SAMPLE else "few epochs (environment smoke)",
        )


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


def _automatic(trained: TrainedNetwork, threads: int) -> tuple[BackendName, Predictor | None]:
    """The fastest backend that gives the answers of the network on this processor: its name, and for torch nothing."""
    model = export.exact_integer_model(trained)
    backend: BackendName = "torch" if model is None else "int8"
    instructions = ", ".join(vector_instructions()) or "float32 alone"
    logger.info("Backend %s (serving.backend is auto; the processor has instructions for: %s)", backend, instructions)
    return backend, None if model is None else OnnxPredictor(OnnxNetwork.of(model, threads))


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


def _novelty(context: KedroContext, trained: TrainedNetwork) -> tuple[NoveltyDetector, NoveltyConfig] | None:
    """The newest novelty detector of a network and the parameters of novelty detection."""
    detector = _find(context, "novelty_detector", trained)
    return None if detector is None else (detector, NoveltyConfig.model_validate(context.params["novelty"]))
