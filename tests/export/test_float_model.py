import numpy as np
import onnx
import onnx.reference
import pytest

from mnist_growth.export import MAX_RELATIVE_CHANGE, OnnxNetwork, compare_outputs, float_model
from mnist_growth.network import predict_logits


@pytest.fixture(scope="module")
def model(network, origin):
    return float_model(network, origin)


def test_onnxruntime_gives_the_logits_of_torch(network, model, digits, noise):
    exported = OnnxNetwork.of(model, threads=1)

    for images in (digits.test.images, noise, np.zeros((1, 28, 28), np.uint8), np.full((1, 28, 28), 255, np.uint8)):
        change = compare_outputs(predict_logits(network, images), exported.predict_logits(images))
        assert change["largest_relative_change"] <= MAX_RELATIVE_CHANGE
        assert change["same_answers"] == 1


def test_the_reference_evaluator_of_onnx_gives_them_too(network, model, digits):
    images = digits.test.images[:50]

    [logits] = onnx.reference.ReferenceEvaluator(model).run(None, {"images": images})

    expected = predict_logits(network, images)
    assert np.abs(logits - expected).max() <= MAX_RELATIVE_CHANGE * np.abs(expected).max()


@pytest.mark.parametrize("count", [0, 1, 7])
def test_any_number_of_images_is_taken(model, noise, count):
    logits = OnnxNetwork.of(model, threads=1).predict_logits(noise[:count])

    assert (logits.shape, logits.dtype) == ((count, 10), np.float32)


def test_batch_norm_and_pixel_statistics_are_in_the_weights(model):
    assert [node.op_type for node in model.graph.node] == ["Flatten", "Cast", "Gemm", "Relu", "Gemm", "Relu", "Gemm"]
