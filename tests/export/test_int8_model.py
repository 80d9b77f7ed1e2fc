import numpy as np
import onnx
import onnx.reference
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from integer_network import constants, exact_sums, predict_logits, sums_without_vnni, weights

from mnist_growth import network as torch_network
from mnist_growth.compression.quantisation import QuantisationAwareMLP, folded_layers
from mnist_growth.export import OnnxNetwork, compare_outputs, float_model, int8_model, integer_model, may_saturate
from mnist_growth.export.int8_model import activation_scales
from mnist_growth.network import AffineLayer, GrowingMLP

INT16 = np.iinfo(np.int16)
LARGEST_BYTE = 255


@pytest.fixture(scope="module")
def model(network, origin, digits):
    return int8_model(network.affine_chain(), digits.train.images[:1000], origin, weight_bits=7)


@pytest.fixture(scope="module")
def eight_bits(network, origin, digits):
    return int8_model(network.affine_chain(), digits.train.images[:1000], origin, weight_bits=8)


def largest_sums_of_two_products(weight: np.ndarray) -> tuple[int, int]:
    """The smallest and the largest sum of two products that any two bytes can give, whichever weights make a pair."""
    ordered = np.sort(weight.astype(np.int64), axis=1)
    lowest, highest = ordered[:, :2].clip(max=0).sum(axis=1), ordered[:, -2:].clip(min=0).sum(axis=1)
    return LARGEST_BYTE * int(lowest.min()), LARGEST_BYTE * int(highest.max())


def test_the_answers_are_those_of_torch_but_for_a_few(network, model, digits):
    change = compare_outputs(
        torch_network.predict_logits(network, digits.test.images),
        OnnxNetwork.of(model, threads=1).predict_logits(digits.test.images),
    )

    assert change["same_answers"] >= 0.99
    assert 0 < change["largest_relative_change"] < 0.1


def test_no_two_products_leave_16_bits(model):
    for weight in weights(model):
        lowest, highest = largest_sums_of_two_products(weight)
        assert INT16.min <= lowest <= highest <= INT16.max


@settings(max_examples=25, deadline=None)
@given(arrays.arrays(np.float64, (10, 784), elements=st.floats(-1e6, 1e6)), st.integers(0, 2**32 - 1))
def test_no_two_products_leave_16_bits_whatever_the_weights(origin, weight, seed):
    images = np.random.default_rng(seed).choice(np.array([0, 255], np.uint8), (3, 28, 28))
    int8 = int8_model([AffineLayer(weight, np.zeros(10))], images, origin, weight_bits=7)

    [integers] = weights(int8)
    inputs = images.reshape(3, -1)
    assert np.array_equal(sums_without_vnni(inputs, integers), exact_sums(inputs, integers))


def test_a_processor_without_vnni_computes_the_same(model, digits, noise):
    for images in (digits.test.images[:100], noise[:100], np.full((1, 28, 28), 255, np.uint8)):
        assert np.array_equal(predict_logits(model, images, sums_without_vnni), predict_logits(model, images))


def test_with_eight_bits_it_would_not(eight_bits, digits):
    exact = predict_logits(eight_bits, digits.test.images)

    change = compare_outputs(exact, predict_logits(eight_bits, digits.test.images, sums_without_vnni))

    assert change["largest_relative_change"] > 0.02


def test_eight_bits_are_closer_to_torch_where_products_are_exact(network, model, eight_bits, digits):
    expected = torch_network.predict_logits(network, digits.test.images)

    seven, eight = (predict_logits(form, digits.test.images) - expected for form in (model, eight_bits))

    assert np.square(eight).mean() < np.square(seven).mean()


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
    wide = GrowingMLP([512])
    int8 = int8_model(wide.affine_chain(), digits.train.images[:10], origin, weight_bits=7)

    assert 0.24 < int8.ByteSize() / float_model(wide, origin).ByteSize() < 0.27


@pytest.mark.parametrize(("form", "largest"), [("model", 63), ("eight_bits", 127)])
def test_a_weight_is_off_by_at_most_half_a_step_of_its_row(network, form, largest, request):
    values = constants(request.getfixturevalue(form))

    for position, layer in enumerate(network.affine_chain()):
        weight, scale = values[f"weight_{position}"], values[f"weight_scale_{position}"]
        assert weight.dtype == np.int8
        error = np.abs(weight * scale[:, None].astype(np.float64) - layer.weight)
        assert (error <= scale[:, None] * (0.5 + 1e-4)).all()  # the scale is float32
        assert (np.abs(weight.astype(int)).max(axis=1) == largest).all()


def test_the_largest_activation_of_the_calibration_is_the_largest_byte():
    layers = [AffineLayer(np.full((2, 784), 0.5), np.array([1.0, -1e9])), AffineLayer(np.ones((10, 2)), np.zeros(10))]
    images = np.zeros((3, 28, 28), np.uint8)
    images[1, 0, :2] = 255

    assert activation_scales(layers, images) == [1, pytest.approx((255 + 1) / 255)]


def test_a_layer_that_never_speaks_and_rows_without_weights_are_harmless(origin, noise):
    silent = [AffineLayer(np.zeros((4, 784)), np.full(4, -1.0)), AffineLayer(np.ones((10, 4)), np.arange(10.0))]

    logits = OnnxNetwork.of(int8_model(silent, noise[:5], origin, weight_bits=7), threads=1).predict_logits(noise[:5])

    assert logits == pytest.approx(np.tile(np.arange(10.0), (5, 1)))


@pytest.fixture(scope="module")
def packed(network, digits):
    """With 4-bit weights, no two products of which leave 16 bits."""
    images = torch.from_numpy(digits.train.images[:200])
    return QuantisationAwareMLP(folded_layers(network), (4, 4, 4), 8, network).eval(), images


def test_a_packed_network_is_computed_with_its_own_integers(packed, origin, digits):
    aware, images = packed
    aware.calibrate(images)
    network = aware.packed()
    chain = network.integer_chain()
    model = integer_model(chain, origin)
    answers = OnnxNetwork.of(model, threads=1).predict_logits(digits.test.images)

    for layer, weight in zip(chain, weights(model), strict=True):
        assert np.array_equal(layer.codes, weight)
    assert not may_saturate(chain)
    # Exact but for the rounding of biases, and for activations between two codes, which may become either.
    step = chain[-1].input_step * np.abs(chain[-1].codes * chain[-1].steps[:, None]).max()
    assert np.abs(answers - predict_logits(model, digits.test.images)).max() <= step
    changes = np.abs(answers - torch_network.predict_logits(network, digits.test.images)).max(axis=1)
    assert np.median(changes) <= 0.1 * step
    assert changes.max() <= 4 * step
