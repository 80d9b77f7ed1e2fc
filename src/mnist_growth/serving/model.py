"""The network of a service and its source."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from mnist_growth.digits import Preparation
from mnist_growth.drift import DriftConfig, DriftReference
from mnist_growth.network import TrainedNetwork
from mnist_growth.novelty import NoveltyConfig, NoveltyDetector, NoveltyScore, novelty_of
from mnist_growth.serving.predictor import Predictor, TorchPredictor


@dataclass(frozen=True, eq=False)
class ServedModel:
    """A network in a service; immutable, and replaced as a whole.

    Attributes:
        version: Version in the catalog, or URI of an MLflow model.
        backend: Name of the backend that computes it.
        predict: Computes probabilities with the backend.
        gradient: The same network in torch, which can be differentiated.
        dataset: Name of the dataset that it was trained on.
        fingerprint: SHA-256 of this dataset.
        epochs: Number of epochs trained.
        hidden_widths: Neurons of each hidden layer.
        parameters: Number of trainable parameters.
        class_names: Names of the classes, in the order of the probabilities.
        preparation: How images are prepared for the network.
        confusion: Counts of test digits, one row per true class, one column per predicted class; None if the network
            has not been evaluated.
        drift: Drift reference and parameters of the comparison; None if the network has no reference.
        novelty: Scores how much images differ from the training digits; None if the network has no detector.
        max_novelty: Novelty above which an image is doubtful.
    """

    version: str
    backend: str
    predict: Predictor
    gradient: TorchPredictor
    dataset: str
    fingerprint: str
    epochs: int
    hidden_widths: tuple[int, ...]
    parameters: int
    class_names: tuple[str, ...]
    preparation: Preparation
    confusion: Sequence[Sequence[int]] | None = None
    drift: tuple[DriftReference, DriftConfig] | None = None
    novelty: NoveltyScore | None = None
    max_novelty: float = 1.0

    @classmethod
    def of(
        cls,
        trained: TrainedNetwork,
        version: str,
        *,
        backend: str = "torch",
        predict: Predictor | None = None,
        confusion: Sequence[Sequence[int]] | None = None,
        drift: tuple[DriftReference, DriftConfig] | None = None,
        detector: tuple[NoveltyDetector, NoveltyConfig] | None = None,
    ) -> "ServedModel":
        """Prepare a network.

        Args:
            trained: The network.
            version: Version in the catalog, or URI of an MLflow model.
            backend: Name of the backend.
            predict: Computes probabilities with the backend; torch by default.
            confusion: Counts of test digits, see above.
            drift: Drift reference and parameters of the comparison, see above.
            detector: Novelty detector of the network, and its parameters.
        """
        gradient = TorchPredictor(trained.network)
        return cls(
            version=version,
            backend=backend,
            predict=predict or gradient,
            gradient=gradient,
            dataset=trained.dataset,
            fingerprint=trained.fingerprint,
            epochs=trained.epochs,
            hidden_widths=trained.network.widths,
            parameters=trained.network.parameter_count,
            class_names=trained.class_names,
            preparation=trained.preparation,
            confusion=confusion,
            drift=drift,
            novelty=None if detector is None else novelty_of(trained, detector[0]),
            max_novelty=1.0 if detector is None else detector[1].accepted_fraction,
        )


class ModelSource(Protocol):
    """Loads a network. It must support pickling, because workers are separate processes."""

    def __call__(self) -> ServedModel:
        """Load the chosen network, or the newest one.

        Raises:
            ValueError: There is no such network, or its file is damaged.
            OSError: The file cannot be read.
        """
