"""A trained network on disk."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch
from pydantic import BaseModel, ConfigDict, NonNegativeInt, PositiveInt
from torch import Tensor

from mnist_growth.network.mlp import GrowingMLP
from mnist_growth.network.tensor_file import check_header, load_tensors, save_tensors, tensors_sha256


@dataclass(frozen=True)
class TrainedNetwork:
    """A network and what it was trained on.

    Attributes:
        network: in evaluation mode.
        dataset: name of the set of digits.
        fingerprint: SHA-256 of that set, training and test part together.
        epochs: number of epochs trained.
        version: name of its version where it is kept; empty if it was not loaded from there. Not in its file.
        split: fingerprint of the split into training and validation digits; empty where it is not known.
    """

    network: GrowingMLP
    dataset: str
    fingerprint: str
    epochs: int
    version: str = ""
    split: str = ""

    @cached_property
    def sha256(self) -> str:
        """SHA-256 (hex) of the weights: the one answer to whether two networks are the same."""
        return tensors_sha256(self.network.state_dict())


def save_network(path: Path, trained: TrainedNetwork) -> None:
    """Write a network: its tensors, and its architecture and origin in the header.

    Raises:
        OSError: the file cannot be written.
    """
    network = trained.network
    header = {
        "widths": list(network.widths),
        "batch_norm": network.batch_norm,
        "dataset": trained.dataset,
        "fingerprint": trained.fingerprint,
        "epochs": trained.epochs,
        "split": trained.split,
    }
    save_tensors(path, "network", network.state_dict(), header)


def load_network(path: Path) -> TrainedNetwork:
    """Rebuild a network from its file alone, on the CPU.

    Raises:
        ValueError: the file is damaged or not a network.
        OSError: the file cannot be read.
    """
    tensors, content = load_tensors(path, "network")
    try:
        header = check_header(content, _Header)
        network = rebuild_network(header.widths, header.batch_norm, tensors)
    except ValueError as error:
        raise ValueError(f"{path} does not hold a whole network ({error}): choose another version") from error
    return TrainedNetwork(
        network=network.eval().requires_grad_(False),
        dataset=header.dataset,
        fingerprint=header.fingerprint,
        epochs=header.epochs,
        split=header.split,
    )


def rebuild_network(widths: Sequence[int], batch_norm: bool, tensors: Mapping[str, Tensor]) -> GrowingMLP:
    """Make a network again from its tensors, on the CPU; they are compared with the widths before memory is taken.

    Args:
        widths: neurons of each hidden layer.
        batch_norm: whether the hidden layers are normalised.
        tensors: what ``state_dict`` of the network gave; they are copied.

    Raises:
        ValueError: the tensors are not those of such a network.
    """
    if len(widths) > len(tensors):
        raise ValueError(f"it has {len(tensors)} tensors, too few for {len(widths)} hidden layers")
    try:
        with torch.device("meta"):  # has shapes and no content
            expected = _shapes(GrowingMLP(widths, batch_norm=batch_norm).state_dict())
    except (RuntimeError, OverflowError) as error:
        raise ValueError(f"no network is as wide as {list(widths)}") from error
    found = _shapes(tensors)
    for name in sorted(expected.keys() | found.keys()):
        if expected.get(name) != found.get(name):
            raise ValueError(f"{name} is {found.get(name, 'missing')}; expected {expected.get(name, 'none')}")
    network = GrowingMLP(widths, batch_norm=batch_norm)
    network.load_state_dict(dict(tensors))
    return network


class _Header(BaseModel):
    """What the header of a network's file holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    widths: tuple[PositiveInt, ...]
    batch_norm: bool
    dataset: str
    fingerprint: str
    epochs: NonNegativeInt
    split: str = ""


def _shapes(tensors: Mapping[str, Tensor]) -> dict[str, str]:
    """Type and shape of each tensor."""
    return {name: f"{tensor.dtype} {list(tensor.shape)}" for name, tensor in tensors.items()}
