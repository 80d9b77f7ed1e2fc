"""Several versions of the network in one run."""

import pytest
import torch
from kedro.io.core import DatasetError

from mnist_growth.datasets import NetworkVersionsDataset
from mnist_growth.network import GrowingMLP, TrainedNetwork, load_network


def trained(width):
    network = GrowingMLP((width,), generator=torch.Generator().manual_seed(width)).eval()
    return TrainedNetwork(network, "sample", "f" * 64, epochs=1)


def test_each_network_is_a_version_and_the_last_one_is_the_newest(tmp_path):
    folder = tmp_path / "network.safetensors"
    versions = NetworkVersionsDataset(filepath=str(folder)).load()

    names = [versions.save(trained(width)) for width in (4, 6, 8)]

    assert names == sorted(set(names))
    assert sorted(path.name for path in folder.iterdir()) == names
    assert [load_network(folder / name / folder.name).network.widths for name in names] == [(4,), (6,), (8,)]


def test_a_network_that_is_there_is_not_saved_again(tmp_path):
    folder = tmp_path / "network.safetensors"
    versions = NetworkVersionsDataset(filepath=str(folder)).load()
    first, _ = versions.save(trained(4)), versions.save(trained(6))
    (folder / "2000-01-01T00.00.00.000Z").mkdir()

    assert versions.save(trained(4)) == first


def test_the_handle_is_no_output(tmp_path):
    with pytest.raises(DatasetError, match="is written through its NetworkVersions"):
        NetworkVersionsDataset(filepath=str(tmp_path)).save(())
