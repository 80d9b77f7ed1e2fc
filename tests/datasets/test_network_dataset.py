from pathlib import Path

import numpy as np
import pytest
import torch
from kedro.io.core import DatasetError, Version

from mnist_growth.datasets import NetworkDataset
from mnist_growth.network import GrowingMLP, TrainedNetwork, predict_logits

IMAGES = np.random.default_rng(0).integers(0, 256, (20, 28, 28), np.uint8)


def dataset(folder, load=None, save=None):
    return NetworkDataset(filepath=str(folder / "network.safetensors"), version=Version(load, save))


@pytest.fixture
def trained():
    """A network whose widths, statistics and weights are nobody's defaults."""
    network = GrowingMLP([7, 5], pixel_mean=0.2, pixel_std=0.4, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.uniform_(-0.5, 0.5)
    return TrainedNetwork(network.eval(), dataset="bars", fingerprint="ab" * 32, epochs=11)


def test_a_saved_network_is_loaded_as_it_was(tmp_path, trained):
    dataset(tmp_path).save(trained)

    loaded = dataset(tmp_path).load()

    assert (loaded.dataset, loaded.fingerprint, loaded.epochs) == ("bars", "ab" * 32, 11)
    assert loaded.network.widths == (7, 5)
    assert not loaded.network.training
    assert np.array_equal(predict_logits(loaded.network, IMAGES), predict_logits(trained.network, IMAGES))


def test_the_file_is_where_the_contract_says(tmp_path, trained):
    dataset(tmp_path, save="1").save(trained)

    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [
        tmp_path / "network.safetensors" / "1" / "network.safetensors"
    ]


def test_the_newest_version_is_loaded_unless_another_is_asked_for(tmp_path, trained):
    for version, epochs in (("1", 10), ("2", 20)):
        dataset(tmp_path, save=version).save(TrainedNetwork(trained.network, "bars", "ab" * 32, epochs))

    assert dataset(tmp_path).load().epochs == 20
    assert dataset(tmp_path, load="1").load().epochs == 10


def test_a_version_is_not_overwritten(tmp_path, trained):
    dataset(tmp_path, save="1").save(trained)

    with pytest.raises(DatasetError, match="must not exist"):
        dataset(tmp_path, save="1").save(trained)


def test_without_a_network_it_says_how_to_train_one(tmp_path):
    assert not dataset(tmp_path).exists()

    with pytest.raises(DatasetError) as caught:
        dataset(tmp_path).load()

    assert isinstance(caught.value.__cause__, FileNotFoundError)
    assert "create one with `kedro run" in str(caught.value.__cause__)


def test_an_unknown_version_is_answered_with_those_there_are(tmp_path, trained):
    dataset(tmp_path, save="1").save(trained)

    with pytest.raises(DatasetError) as caught:
        dataset(tmp_path, load="9").load()

    assert "version 9" in str(caught.value.__cause__)
    assert str(caught.value.__cause__).endswith("has 1")


@pytest.mark.parametrize("kept", [-1, 100, 7, 0])
def test_a_damaged_file_is_named(tmp_path, trained, kept):
    dataset(tmp_path, save="1").save(trained)
    path = tmp_path / "network.safetensors" / "1" / "network.safetensors"
    path.write_bytes(path.read_bytes()[:kept])

    with pytest.raises(DatasetError) as caught:
        dataset(tmp_path).load()

    assert isinstance(caught.value.__cause__, ValueError)
    assert str(path) in str(caught.value.__cause__)


def test_a_failed_save_leaves_no_file_behind(tmp_path, trained, monkeypatch):
    def full_disk(*_arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full_disk)

    with pytest.raises(DatasetError, match="No space left"):
        dataset(tmp_path).save(trained)

    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not dataset(tmp_path).exists()
