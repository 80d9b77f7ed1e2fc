import onnx
import pytest
from kedro.io.core import DatasetError, Version

from mnist_growth.datasets import NetworkDataset, OnnxModelDataset
from mnist_growth.network import GrowingMLP, TrainedNetwork

VERSION = "2026-01-31T12.00.00.000Z"


def dataset(folder, load=VERSION):
    return OnnxModelDataset(filepath=str(folder / "network.onnx"), version=Version(load, VERSION))


@pytest.fixture
def model():
    graph = onnx.helper.make_graph([], "nothing", [], [])
    return onnx.helper.make_model(graph)


def test_a_model_is_loaded_as_it_was_saved(tmp_path, model):
    dataset(tmp_path).save(model)

    assert dataset(tmp_path).load() == model
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["network.onnx"]


def test_a_model_that_is_not_there_says_how_to_make_one(tmp_path):
    with pytest.raises(DatasetError, match="There is no exported network .* `kedro run --pipeline export`"):
        dataset(tmp_path, load=None).load()


def test_a_damaged_file_says_how_to_make_it_anew(tmp_path, model):
    dataset(tmp_path).save(model)
    path = tmp_path / "network.onnx" / VERSION / "network.onnx"
    path.write_bytes(b"\xff" + path.read_bytes())

    with pytest.raises(DatasetError, match="is not an ONNX model"):
        dataset(tmp_path).load()


def test_a_network_from_the_catalog_knows_its_version(tmp_path):
    network = NetworkDataset(filepath=str(tmp_path / "network.safetensors"), version=Version(VERSION, VERSION))
    network.save(TrainedNetwork(GrowingMLP((4,)).eval(), "sample", "0" * 64, 1))

    assert network.load().version == VERSION
