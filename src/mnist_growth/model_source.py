"""Sources of the network of a service: the catalog of the Kedro project, or MLflow."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kedro.framework.context import KedroContext
from kedro.framework.session import KedroSession
from kedro.io import AbstractVersionedDataset, DataCatalog
from kedro.io import Version as KedroVersion
from kedro.io.core import DatasetError

from mnist_growth.datasets import Found, Results
from mnist_growth.digits import Digits
from mnist_growth.drift import DriftConfig, DriftReference
from mnist_growth.export import OnnxNetwork
from mnist_growth.network import TrainedNetwork, load_network
from mnist_growth.novelty import NoveltyConfig, NoveltyDetector
from mnist_growth.pipeline_registry import register_pipelines
from mnist_growth.project import configure, default_configuration
from mnist_growth.serving import BackendName, OnnxPredictor, Predictor, ServedModel, ServingConfig
from mnist_growth.tracking import SAMPLE, Candidate, fetch_network, find_champion
from mnist_growth.training import split_fingerprint

logger = logging.getLogger(__name__)


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


def versions_of_networks(project: Project, newest: int, champion: Candidate | None) -> dict[str, set[str]]:
    """Return the versions that belong to the champion and the newest networks, by the name of their file.

    Args:
        project: The project.
        newest: Number of newest networks.
        champion: The champion, if there is one.

    Returns:
        Under the empty name those of the networks, whose runs saved other results with the same version; under the
        other names their results and the digits and splits that they were trained on.
    """
    catalog = project.context()._get_catalog()
    assert isinstance(catalog, DataCatalog)
    results = Results(catalog, pipelines={})
    networks = results.versions("network")
    chosen = [name for name in networks if name in networks[:newest] or (champion and name == champion.version)]
    found: dict[str, set[str]] = {"": set(chosen)}
    datasets = {
        name: dataset
        for pipeline in register_pipelines().values()
        for name in pipeline.datasets()
        if isinstance(dataset := catalog.get(name), AbstractVersionedDataset)
    }
    for version in chosen:
        try:
            trained = _load(project.context(), version)
        except (ValueError, OSError):
            continue  # damaged
        for name, dataset in datasets.items():
            of_network = results.version(name, trained)
            if of_network:
                found.setdefault(Path(dataset._filepath).name, set()).add(of_network)
        for names, digest, expected in (
            (("train_digits", "test_digits", "data_manifest"), _digits_fingerprint, trained.fingerprint),
            (("split",), split_fingerprint, trained.split),
        ):
            sources = results.versions(names[0])
            source = next((name for name in sources if _has(catalog, names[0], name, digest, expected)), None)
            for name in names:
                if source:
                    found.setdefault(Path(datasets[name]._filepath).name, set()).add(source)
    return found


def _digits_fingerprint(digits: Digits) -> str:
    return digits.fingerprint


def _has(catalog: DataCatalog, name: str, version: str, digest: Callable[[Any], str], expected: str) -> bool:
    """Whether a version of a dataset has a digest."""
    dataset = catalog.get(name, version=KedroVersion(load=version, save=None))
    try:
        return dataset is not None and digest(dataset.load()) == expected
    except DatasetError:
        return False  # damaged


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
        trained = _load(context, self.version)
        if champion and champion.version != trained.version:
            trained = _load_champion(context, champion) or trained
        is_champion = champion is not None and champion.sha256 == trained.sha256
        version = trained.version
        _describe(context, trained, champion if is_champion else None, is_requested=self.version is not None)
        return ServedModel.of(
            trained,
            version,
            backend=self.backend,
            predict=_exported(context, self.backend, trained, self.threads),
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
        detector = _novelty(context, trained)
        return ServedModel.of(trained, self.uri, drift=_drift(context, trained), detector=detector)


def _champion(path: Path) -> Candidate | None:
    """The champion of the project; None if there is none, or MLflow cannot be used."""
    try:
        return find_champion(path)
    except ValueError as error:
        logger.warning("%s: there is no champion to serve", error)
        return None


def _load(context: KedroContext, version: str | None) -> TrainedNetwork:
    """Load a network of the catalog, the newest one by default."""
    dataset = context._get_catalog(load_versions={"network": version} if version else None)["network"]
    try:
        trained: TrainedNetwork = dataset.load()
    except DatasetError as error:
        if isinstance(error.__cause__, ValueError | OSError):
            raise error.__cause__ from None
        raise
    return trained


def _load_champion(context: KedroContext, champion: Candidate) -> TrainedNetwork | None:
    """Load the champion; None, with a warning, if the catalog does not have it."""
    try:
        trained = _load(context, champion.version)
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
