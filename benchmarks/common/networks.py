"""The network that a benchmark measures: the newest one of the project, or an untrained one of the same size."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.common.artifacts import NETWORK, versions
from benchmarks.common.base_parameters import from_base
from mnist_growth.digits import PixelStatistics
from mnist_growth.growth import GrowthConfig
from mnist_growth.network import Network, NetworkConfig, TrainedNetwork, build, load_network, save_network

MNIST_PIXELS = PixelStatistics(mean=0.1307, std=0.3081, count=60_000)


def untrained(widths: Sequence[int]) -> Network:
    """Make a network of the configured kind with random weights.

    Args:
        widths: Sizes of the groups of units that can grow.
    """
    spec = from_base(NetworkConfig, "network").spec(1).with_widths(widths)
    return build(spec, MNIST_PIXELS).eval().requires_grad_(False)


def network_or_untrained(path: Path | None = None) -> TrainedNetwork:
    """Load a network; where nothing has been trained, make an untrained one, which takes the same time.

    Args:
        path: File of the network; the newest one without it.
    """
    found = versions(NETWORK)
    if path is None and not found:
        final = from_base(NetworkConfig, "network").spec(from_base(GrowthConfig, "growth").max_neurons)
        return TrainedNetwork(untrained(final.widths), dataset="none", fingerprint="", epochs=0)
    return load_network(path or found[-1])


def network_file(folder: Path, path: Path | None = None) -> Path:
    """Return the file of a network, as `network_or_untrained` chooses it.

    Args:
        folder: Folder to which the network is written.
        path: File of the network; the newest one without it.
    """
    copy = folder / "network.safetensors"
    save_network(copy, network_or_untrained(path))
    return copy
