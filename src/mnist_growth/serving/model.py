"""The network that a service answers with, and where it comes from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from mnist_growth.drift import DriftConfig, DriftReference
from mnist_growth.network import TrainedNetwork
from mnist_growth.serving.predictor import Predictor, TorchPredictor


@dataclass(frozen=True, eq=False)
class ServedModel:
    """A network ready to answer; it is replaced as a whole, never changed.

    Attributes:
        version: Of the network: of its entry in the catalog, or the address of an MLflow model.
        backend: What computes it.
        predict: Answers.
        gradient: The same network in torch, which can be differentiated.
        dataset: Name of the set of digits it was trained on.
        fingerprint: SHA-256 of that set.
        epochs: Number of epochs trained.
        hidden_widths: Neurons of each hidden layer.
        parameters: Number of trainable numbers.
        confusion: How often test digits of one class (row) were taken for another (column), ten rows of ten counts;
            None where the network has not been tested.
        drift: What the latest images are compared with, and how; None where the network has no reference.
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
    confusion: Sequence[Sequence[int]] | None = None
    drift: tuple[DriftReference, DriftConfig] | None = None

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
    ) -> "ServedModel":
        """Make a network ready.

        Args:
            trained: The network.
            version: Of the network.
            backend: Name of what computes it.
            predict: Answers in the place of torch.
            confusion: As described above.
            drift: As described above.
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
            confusion=confusion,
            drift=drift,
        )


class ModelSource(Protocol):
    """Where the network comes from. Workers are processes of their own: a source can be pickled."""

    def __call__(self) -> ServedModel:
        """Load the network that is to answer from now on: the newest, where no version was chosen.

        Raises:
            ValueError: There is no such network, or its file is damaged.
            OSError: It cannot be read.
        """
