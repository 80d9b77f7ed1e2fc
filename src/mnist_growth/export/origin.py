"""The origin of an exported network, in the metadata of its file."""

import json
from dataclasses import dataclass
from typing import Self

import onnx

from mnist_growth.digits import Preparation
from mnist_growth.network import TrainedNetwork

_PREFIX = "mnist_growth."


@dataclass(frozen=True)
class Origin:
    """The network that a file was exported from.

    Attributes:
        network_sha256: SHA-256 (hex) of its weights.
        dataset: Name of the dataset that it was trained on.
        fingerprint: SHA-256 of this dataset.
        version: Version of the network in the catalog; empty if it was not loaded from there.
        widths: Neurons of each hidden layer.
        epochs: Number of epochs trained.
        preparation: How images are prepared for the network.
        class_names: Names of the classes, in the order of the logits.
    """

    network_sha256: str
    dataset: str
    fingerprint: str
    version: str
    widths: tuple[int, ...]
    epochs: int
    preparation: Preparation
    class_names: tuple[str, ...]

    def write(self, model: onnx.ModelProto) -> None:
        """Write the origin to the metadata of a model, under keys that begin with "mnist_growth."."""
        values = {
            "network_sha256": self.network_sha256,
            "dataset": self.dataset,
            "fingerprint": self.fingerprint,
            "version": self.version,
            "widths": "-".join(map(str, self.widths)),
            "epochs": str(self.epochs),
            "preparation": self.preparation.model_dump_json(),
            "class_names": json.dumps(self.class_names),
        }
        onnx.helper.set_model_props(model, {f"{_PREFIX}{name}": value for name, value in values.items()})

    @classmethod
    def read(cls, metadata: dict[str, str]) -> Self:
        """Read the origin from the metadata of a model.

        Raises:
            ValueError: The model was not exported by this project.
        """
        try:
            return cls(
                network_sha256=metadata[f"{_PREFIX}network_sha256"],
                dataset=metadata[f"{_PREFIX}dataset"],
                fingerprint=metadata[f"{_PREFIX}fingerprint"],
                version=metadata[f"{_PREFIX}version"],
                widths=tuple(int(width) for width in metadata[f"{_PREFIX}widths"].split("-")),
                epochs=int(metadata[f"{_PREFIX}epochs"]),
                preparation=Preparation.model_validate_json(metadata[f"{_PREFIX}preparation"]),
                class_names=tuple(json.loads(metadata[f"{_PREFIX}class_names"])),
            )
        except (KeyError, ValueError) as error:
            raise ValueError(
                f"The metadata of the ONNX model do not name its network ({error}): export the network with "
                "`kedro run --pipeline export`"
            ) from None


def origin_of(trained: TrainedNetwork) -> Origin:
    """Return the origin of exports of a network."""
    return Origin(
        network_sha256=trained.sha256,
        dataset=trained.dataset,
        fingerprint=trained.fingerprint,
        version=trained.version,
        widths=trained.network.widths,
        epochs=trained.epochs,
        preparation=trained.preparation,
        class_names=trained.class_names,
    )
