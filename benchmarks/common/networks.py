"""The network that a benchmark measures: the newest one of the project, or an untrained one of the same size."""

from pathlib import Path

from benchmarks.common.artifacts import NETWORK, versions
from mnist_growth.network import GrowingMLP, TrainedNetwork, load_network, save_network

DEFAULT_WIDTHS = (512, 512, 512)


def network_or_untrained(path: Path | None = None) -> TrainedNetwork:
    """Load a network; where nothing has been trained, make an untrained one, which takes the same time.

    Args:
        path: File of the network; the newest one without it.
    """
    found = versions(NETWORK)
    if path is None and not found:
        network = GrowingMLP(DEFAULT_WIDTHS).eval().requires_grad_(False)
        return TrainedNetwork(network, dataset="none", fingerprint="", epochs=0)
    return load_network(path or found[-1])


def network_file(folder: Path, path: Path | None = None) -> Path:
    """Return the file of a network, as `network_or_untrained` chooses it.

    Args:
        folder: Folder to which an untrained network is written.
        path: File of the network; the newest one without it.
    """
    copy = folder / "network.safetensors"
    save_network(copy, network_or_untrained(path))
    return copy
