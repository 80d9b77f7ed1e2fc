from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnx
import pytest

from mnist_growth.digits import Preparation
from mnist_growth.export import OnnxNetwork, Origin, float_model
from mnist_growth.export.seal import seal


@pytest.fixture(scope="module")
def path(network, origin, tmp_path_factory):
    path = tmp_path_factory.mktemp("export") / "network.onnx"
    onnx.save(float_model(network, origin), path)
    return path


def test_a_file_says_which_network_it_comes_from(path, origin):
    assert OnnxNetwork.load(path).origin == origin


def test_several_threads_may_ask_at_once(path, noise):
    exported = OnnxNetwork.load(path, threads=1)
    expected = exported.predict_logits(noise)

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(exported.predict_logits, [noise] * 20))

    assert all(np.array_equal(answer, expected) for answer in answers)


def test_a_damaged_file_is_refused_with_its_name(path, tmp_path):
    damaged = tmp_path / "network.onnx"
    damaged.write_bytes(path.read_bytes()[:-1000])

    with pytest.raises(ValueError, match=r"network\.onnx: The ONNX model cannot be loaded"):
        OnnxNetwork.load(damaged)


def test_a_model_of_somebody_else_is_refused(path):
    model = onnx.load(path)
    del model.metadata_props[:]

    with pytest.raises(ValueError, match="has no checksum of this project: export the network with"):
        OnnxNetwork.of(model)

    seal(model)
    with pytest.raises(ValueError, match="do not name its network"):
        OnnxNetwork.of(model)


@pytest.mark.parametrize("position", [0.2, 0.5, 0.8])
def test_a_flipped_bit_of_a_weight_is_noticed(path, tmp_path, position):
    content = bytearray(path.read_bytes())
    content[int(position * len(content))] ^= 1
    (tmp_path / "network.onnx").write_bytes(content)

    with pytest.raises(ValueError, match=r"network\.onnx: The ONNX model has changed since it was exported"):
        OnnxNetwork.load(tmp_path / "network.onnx")


def test_an_operation_that_can_take_any_memory_is_not_run(path):
    """A file of a few bytes, with a valid checksum, that asks for a tensor of 17 GB."""
    model = onnx.load(path)
    shape = onnx.numpy_helper.from_array(np.array([2**32], np.int64), "shape")
    model.graph.initializer.append(shape)
    model.graph.node.insert(0, onnx.helper.make_node("ConstantOfShape", ["shape"], ["huge"]))
    seal(model)

    with pytest.raises(ValueError, match="contains ConstantOfShape, which no export of this project does"):
        OnnxNetwork.of(model)


def test_a_file_that_is_not_there_is_an_error_of_the_operating_system(tmp_path):
    with pytest.raises(FileNotFoundError):
        OnnxNetwork.load(tmp_path / "network.onnx")


@pytest.mark.parametrize("version", ["", "2026-01-31T12.00.00.000Z"])
def test_an_origin_is_read_as_it_was_written(version):
    origin = Origin(
        "a" * 64, "mnist", "0" * 64, version, (512, 384, 512), 50, Preparation(form="as_is", ink="dark"), ("a", "b")
    )
    model = onnx.ModelProto()

    origin.write(model)

    assert Origin.read({entry.key: entry.value for entry in model.metadata_props}) == origin
