from dataclasses import replace

import numpy as np
import onnx
import pytest

from mnist_growth.digits import DIGIT_NAMES, MNIST_PREPARATION, sample_digits
from mnist_growth.export import OnnxNetwork, Origin, float_model, int8_model
from mnist_growth.serving import OnnxPredictor, TorchPredictor

DIGITS = sample_digits()


def origin(network_sha256="a" * 64):
    return Origin(network_sha256, "sample", DIGITS.fingerprint, "", (32,), 2, MNIST_PREPARATION, DIGIT_NAMES)


def test_the_probabilities_are_those_of_torch(trained):
    layers = trained.network.affine_chain()
    expected = TorchPredictor(trained.network)(DIGITS.test.images)

    exact = OnnxPredictor(OnnxNetwork.of(float_model(trained.network, origin()), 1))(DIGITS.test.images)
    rounded = OnnxPredictor(OnnxNetwork.of(int8_model(layers, DIGITS.train.images[:500], origin(), weight_bits=7), 1))

    assert exact.dtype == np.float32
    assert exact == pytest.approx(expected, abs=1e-5)
    answers = rounded(DIGITS.test.images)
    assert answers.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert (answers.argmax(axis=1) == expected.argmax(axis=1)).mean() >= 0.98
    assert exact[:0].shape == rounded(DIGITS.test.images[:0]).shape == (0, 10)


def test_the_newest_export_of_a_network_is_found_in_whatever_version(trained, tmp_path):
    folder = tmp_path / "network.onnx"
    for version, digest in (("1", trained.sha256), ("2", trained.sha256), ("3", "b" * 64)):
        (folder / version).mkdir(parents=True)
        model = float_model(trained.network, replace(origin(digest), version=version))
        onnx.save(model, folder / version / "network.onnx")

    assert OnnxNetwork.find(folder, trained).origin.version == "2"
    other = replace(trained, network=type(trained.network)((5,)).eval(), version="2020")
    with pytest.raises(ValueError, match=r"no export of the network 2020 .* --load-versions network:2020`"):
        OnnxNetwork.find(folder, other)
