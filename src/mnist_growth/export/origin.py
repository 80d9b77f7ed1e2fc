"""Where an exported network comes from, written into its file."""

from dataclasses import dataclass
from typing import Self

import onnx

from mnist_growth.network import TrainedNetwork

_PREFIX = "mnist_growth."


@dataclass(frozen=True)
class Origin:
    """The network that a file was made from.

    Attributes:
        dataset: Name of the set of digits that it was trained on.
        fingerprint: SHA-256 of that set.
        version: Version of the network in the catalog; empty where it was not loaded from there.
        widths: Neurons of each hidden layer.
        epochs: Number of epochs trained.
    """

    dataset: str
    fingerprint: str
    version: str
    widths: tuple[int, ...]
    epochs: int

    def write(self, model: onnx.ModelProto) -> None:
        """Put it into the metadata of a model, as text under names that begin with "mnist_growth."."""
        values = {
            "dataset": self.dataset,
            "fingerprint": self.fingerprint,
            "version": self.version,
            "widths": "-".join(map(str, self.widths)),
            "epochs": str(self.epochs),
        }
        onnx.helper.set_model_props(model, {f"{_PREFIX}{name}": value for name, value in values.items()})

    @classmethod
    def read(cls, metadata: dict[str, str]) -> Self:
        """Take it from the metadata of a model.

        Raises:
            ValueError: The model was not made by ``write``.
        """
        try:
            return cls(
                dataset=metadata[f"{_PREFIX}dataset"],
                fingerprint=metadata[f"{_PREFIX}fingerprint"],
                version=metadata[f"{_PREFIX}version"],
                widths=tuple(int(width) for width in metadata[f"{_PREFIX}widths"].split("-")),
                epochs=int(metadata[f"{_PREFIX}epochs"]),
            )
        except (KeyError, ValueError) as error:
            raise ValueError(
                f"the ONNX model does not say which network it comes from ({error}): make one with "
                "`kedro run --pipeline export`"
            ) from None


def origin_of(trained: TrainedNetwork) -> Origin:
    """Return what a file made from this network has to say."""
    return Origin(trained.dataset, trained.fingerprint, trained.version, trained.network.widths, trained.epochs)
