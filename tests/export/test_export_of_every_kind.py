"""Networks of every kind that torch's exporter traces, because they are no chain of affine maps."""

import copy
from dataclasses import replace

import numpy as np
import onnx.reference
import pytest
import torch

import configured
from kinds_of_networks import EXAMPLES
from mnist_growth.digits import Split
from mnist_growth.export import MAX_RELATIVE_CHANGE, OnnxNetwork, compare_outputs, trace, traced_int8_model
from mnist_growth.export.float_model import finished
from mnist_growth.network import TrainedNetwork, predict_logits
from mnist_growth.pipelines.export import nodes

TRACED = list({example.spec.kind: example for example in EXAMPLES if example.spec.kind != "mlp"}.values())


@pytest.fixture(scope="module", params=TRACED, ids=lambda example: example.name)
def network(request, laboratory):
    """A network that has left its initial weights."""
    network, _ = laboratory.train_any(request.param.spec, torch.float32)
    return network.eval().requires_grad_(False)


@pytest.fixture(scope="module")
def graph(network):
    """Tracing takes seconds."""
    return trace(network)


def test_float32_has_the_logits_of_torch_for_any_number_of_images(network, graph, origin, digits):
    model = finished(copy.deepcopy(graph), origin)
    exported = OnnxNetwork.of(model, threads=1)
    for count in (0, 1, 7):
        images = digits.test.images[:count]
        expected, logits = predict_logits(network, images), exported.predict_logits(images)
        assert logits.shape == (count, 10)
        if count:
            assert compare_outputs(expected, logits)["largest_relative_change"] <= MAX_RELATIVE_CHANGE
    [logits] = onnx.reference.ReferenceEvaluator(model).run(None, {"images": images})
    assert np.abs(logits - expected).max() <= MAX_RELATIVE_CHANGE * np.abs(expected).max()


def test_int8_has_nearly_the_logits_of_torch_and_the_same_bytes_each_time(network, graph, origin, digits):
    images = digits.test.images[:50]
    models = [traced_int8_model(graph, images, origin, weight_bits=7) for _ in range(2)]
    exported = OnnxNetwork.of(models[0], threads=1)
    for count in (0, 1, 50):
        assert exported.predict_logits(images[:count]).shape == (count, 10)
    expected = predict_logits(network, images)
    spread = (expected - expected.mean(axis=0)).std()
    assert (exported.predict_logits(images) - expected).std() <= 0.1 * spread
    assert models[0].SerializeToString() == models[1].SerializeToString()
    weights = [entry for entry in models[0].graph.initializer if entry.data_type == onnx.TensorProto.INT8]
    matrices = [onnx.numpy_helper.to_array(entry) for entry in weights if len(entry.dims) == 2]
    entries = sum(tensor.numel() for tensor in network.parameters() if tensor.ndim == 2)
    assert sum(matrix.size for matrix in matrices) >= 0.9 * entries
    assert max(np.abs(matrix).max() for matrix in matrices) <= 64


def test_int8_that_loses_too_much_accuracy_is_refused(network, graph, origin, digits, monkeypatch):
    trained = TrainedNetwork(network, "sample", digits.fingerprint, 3)
    own_answers = predict_logits(network, digits.train.images).argmax(axis=1)
    easy = replace(digits.train, labels=own_answers)  # no errors by torch
    wrong = copy.deepcopy(graph)
    wrong.graph.node[-1].output[0] = "positive"
    wrong.graph.node.append(onnx.helper.make_node("Neg", ["positive"], ["logits"]))
    models = iter([finished(copy.deepcopy(graph), origin), finished(wrong, origin)])
    monkeypatch.setattr(nodes.export, "trace", lambda _network: graph)
    monkeypatch.setattr(nodes.export, "traced_int8_model", lambda *_: next(models))
    split = Split(train=np.arange(100), validation=np.arange(100, 200))
    config = configured.export(calibration_digits=10, max_accuracy_loss=0)
    nodes.export_int8(trained, easy, split, config)
    with pytest.raises(
        ValueError, match=f"kind '{network.spec.kind}' loses 100.00 points .* in int8.*allows 0.00.*--nodes export.exp"
    ):
        nodes.export_int8(trained, easy, split, config)
