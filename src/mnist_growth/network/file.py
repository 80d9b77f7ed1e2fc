"""A trained network on disk."""

from dataclasses import dataclass
from pathlib import Path

from mnist_growth.network.mlp import GrowingMLP
from mnist_growth.network.tensor_file import load_tensors, save_tensors


@dataclass(frozen=True)
class TrainedNetwork:
    """A network and what it was trained on.

    Attributes:
        network: in evaluation mode.
        dataset: name of the set of digits.
        fingerprint: SHA-256 of that set, training and test part together.
        epochs: number of epochs trained.
    """

    network: GrowingMLP
    dataset: str
    fingerprint: str
    epochs: int


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
    }
    save_tensors(path, "network", network.state_dict(), header)


def load_network(path: Path) -> TrainedNetwork:
    """Rebuild a network from its file alone, on the CPU.

    Raises:
        ValueError: the file is damaged or not a network.
        OSError: the file cannot be read.
    """
    tensors, header = load_tensors(path, "network")
    try:
        network = GrowingMLP(header["widths"], batch_norm=header["batch_norm"])
        network.load_state_dict(tensors)
        return TrainedNetwork(
            network=network.eval().requires_grad_(False),
            dataset=header["dataset"],
            fingerprint=header["fingerprint"],
            epochs=header["epochs"],
        )
    except (KeyError, TypeError, RuntimeError) as error:
        raise ValueError(f"{path} does not hold a whole network ({error}): choose another version") from error
