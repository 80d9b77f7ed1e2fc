import numpy as np
import onnx
import onnx.reference
import pytest

from mnist_growth.export import AffineLayer, OnnxNetwork, compare_outputs, float_model, fold, int8_model
from mnist_growth.export.int8_model import activation_scales
from mnist_growth.network import predict_logits


@pytest.fixture(scope="module")
def model(network, origin, digits):
    return int8_model(fold(network), digits.train.images[:1000], origin)


@pytest.mark.parametrize("weight_bits", [7, 8])
def test_the_answers_are_those_of_torch_but_for_a_few(network, origin, digits, weight_bits):
    model = int8_model(fold(network), digits.train.images[:1000], origin, weight_bits)

    change = compare_outputs(
        predict_logits(network, digits.test.images), OnnxNetwork.of(model, threads=1).predict_logits(digits.test.images)
    )

    assert change["same_answers"] >= 0.99
    assert 0 < change["largest_relative_change"] < 0.1


def test_onnxruntime_computes_what_the_standard_says(model, digits):
    images = digits.test.images[:100]

    [standard] = onnx.reference.ReferenceEvaluator(model).run(None, {"images": images})

    # An activation on the edge between two integers may be rounded either way: a step of the last layer's inputs.
    change = compare_outputs(standard, OnnxNetwork.of(model, threads=1).predict_logits(images))
    assert change["largest_relative_change"] < 0.02
    assert change["same_answers"] >= 0.99


def test_onnxruntime_makes_one_integer_product_of_each_layer(model, tmp_path):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "optimised.onnx")
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])

    optimised = onnx.load(tmp_path / "optimised.onnx")
    assert [node.op_type for node in optimised.graph.node] == ["Flatten", "QGemm", "QGemm", "QGemm"]


def test_weights_are_a_quarter_of_their_size(network, origin, digits, model):
    wide = [AffineLayer(np.ones((512, 784)), np.ones(512)), AffineLayer(np.ones((10, 512)), np.ones(10))]
    int8 = int8_model(wide, digits.train.images[:10], origin)

    assert 0.24 < int8.ByteSize() / float_model(wide, origin).ByteSize() < 0.27


def test_a_weight_is_off_by_at_most_half_a_step_of_its_row(network, model):
    constants = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in model.graph.initializer}

    for position, layer in enumerate(fold(network)):
        weight, scale = constants[f"weight_{position}"], constants[f"weight_scale_{position}"]
        assert weight.dtype == np.int8
        error = np.abs(weight * scale[:, None].astype(np.float64) - layer.weight)
        assert (error <= scale[:, None] * (0.5 + 1e-4)).all()  # the scale is float32
        assert (np.abs(weight.astype(int)).max(axis=1) == 127).all()


def test_the_largest_activation_of_the_calibration_is_the_largest_byte():
    layers = [AffineLayer(np.full((2, 784), 0.5), np.array([1.0, -1e9])), AffineLayer(np.ones((10, 2)), np.zeros(10))]
    images = np.zeros((3, 28, 28), np.uint8)
    images[1, 0, :2] = 255

    assert activation_scales(layers, images) == [1, pytest.approx((255 + 1) / 255)]


def test_a_layer_that_never_speaks_and_rows_without_weights_are_harmless(origin, noise):
    silent = [AffineLayer(np.zeros((4, 784)), np.full(4, -1.0)), AffineLayer(np.ones((10, 4)), np.arange(10.0))]

    logits = OnnxNetwork.of(int8_model(silent, noise[:5], origin), threads=1).predict_logits(noise[:5])

    assert logits == pytest.approx(np.tile(np.arange(10.0), (5, 1)))
