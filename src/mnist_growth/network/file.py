"""A trained network on disk."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch
from pydantic import BaseModel, ConfigDict, NonNegativeInt, model_validator
from torch import Tensor

from mnist_growth.digits.digits import DIGIT_NAMES
from mnist_growth.digits.preparation import MNIST_PREPARATION, Preparation
from mnist_growth.digits.statistics import PixelStatistics
from mnist_growth.network.interface import Network
from mnist_growth.network.spec import NetworkSpec, build
from mnist_growth.network.tensor_file import check_header, load_tensors, save_tensors, tensors_sha256


@dataclass(frozen=True)
class TrainedNetwork:
    """A network and what it was trained on.

    Attributes:
        network: In evaluation mode.
        dataset: Name of the set of digits.
        fingerprint: SHA-256 of that set, training and test part together.
        epochs: Number of epochs trained.
        version: Name of its version where it is kept; empty if it was not loaded from there. Not in its file.
        split: Fingerprint of the split into training and validation digits; empty where it is not known.
        class_names: Names of the classes.
        preparation: How the images were prepared that it was trained on; every image to predict needs the same.
        source: SHA-256 (hex) of the weights of the network that it was compressed from; empty for any other.
    """

    network: Network
    dataset: str
    fingerprint: str
    epochs: int
    version: str = ""
    split: str = ""
    preparation: Preparation = MNIST_PREPARATION
    class_names: tuple[str, ...] = DIGIT_NAMES
    source: str = ""

    @cached_property
    def sha256(self) -> str:
        """SHA-256 (hex) of the weights: the one answer to whether two networks are the same."""
        return tensors_sha256(self.network.state_dict())


def save_network(path: str | Path, trained: TrainedNetwork) -> None:
    """Write a network: its tensors, and its spec and origin in the header.

    Raises:
        OSError: The file cannot be written.
    """
    header = {
        "spec": trained.network.spec.model_dump(mode="json"),
        "dataset": trained.dataset,
        "fingerprint": trained.fingerprint,
        "epochs": trained.epochs,
        "split": trained.split,
        "preparation": trained.preparation.model_dump(),
        "class_names": list(trained.class_names),
        **({"source": trained.source} if trained.source else {}),
    }
    save_tensors(Path(path), "network", trained.network.state_dict(), header)


def load_network(path: str | Path) -> TrainedNetwork:
    """Rebuild a network from its file alone, on the CPU.

    Raises:
        ValueError: The file is damaged or not a network.
        OSError: The file cannot be read.
    """
    tensors, content = load_tensors(Path(path), "network")
    try:
        header = check_header(content, _Header)
        network = rebuild_network(header.spec, tensors)
    except ValueError as error:
        raise ValueError(f"{path} is not a complete network ({error}): choose another version") from error
    return TrainedNetwork(
        network=network.eval().requires_grad_(False),
        dataset=header.dataset,
        fingerprint=header.fingerprint,
        epochs=header.epochs,
        split=header.split,
        preparation=header.preparation,
        class_names=header.class_names,
        source=header.source,
    )


def rebuild_network(spec: NetworkSpec, tensors: Mapping[str, Tensor], dtype: torch.dtype = torch.float32) -> Network:
    """Make a network from its tensors, on the CPU; they are compared with the spec before memory is allocated.

    Args:
        spec: Kind and sizes.
        tensors: Result of ``state_dict`` of the network; they are copied.
        dtype: Of the parameters.

    Raises:
        ValueError: The tensors do not belong to such a network.
    """
    if len(spec.widths) > len(tensors):
        raise ValueError(f"it has {len(tensors)} tensors, too few for {len(spec.widths)} groups of units")
    pixels = PixelStatistics(mean=0.0, std=1.0, count=0)  # replaced by those of the tensors
    try:
        with torch.device("meta"):  # has shapes and no content
            expected = _shapes(build(spec, pixels).to(dtype).state_dict())
    except (RuntimeError, OverflowError) as error:
        raise ValueError(f"no network is as wide as {list(spec.widths)}") from error
    found = _shapes(tensors)
    for name in sorted(expected.keys() | found.keys()):
        if expected.get(name) != found.get(name):
            raise ValueError(f"{name} is {found.get(name, 'missing')}; expected {expected.get(name, 'none')}")
    network = build(spec, pixels).to(dtype)
    network.load_state_dict(dict(tensors))
    return network


class _Header(BaseModel):
    """What the header of a network's file holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    spec: NetworkSpec
    dataset: str
    fingerprint: str
    epochs: NonNegativeInt
    split: str
    preparation: Preparation
    class_names: tuple[str, ...]
    source: str = ""

    @model_validator(mode="after")
    def _one_name_per_class(self) -> "_Header":
        if len(self.class_names) != self.spec.classes:
            raise ValueError(f"it has {self.spec.classes} classes and {len(self.class_names)} names of classes")
        return self


def _shapes(tensors: Mapping[str, Tensor]) -> dict[str, str]:
    """Return dtype and shape of each tensor."""
    return {name: f"{tensor.dtype} {list(tensor.shape)}" for name, tensor in tensors.items()}
