import numpy as np
import onnx
import pytest

from mnist_growth.digits import sample_digits
from mnist_growth.export import OnnxNetwork, Origin, float_model, int8_model
from mnist_growth.serving import OnnxPredictor, TorchPredictor

DIGITS = sample_digits()
VERSIONS = ("2026-01-31T12.00.00.000Z", "2026-02-28T12.00.00.000Z")


def origin(version):
    return Origin("sample", DIGITS.fingerprint, version, (32,), 2)


def test_the_probabilities_are_those_of_torch(trained):
    layers = trained.network.affine_chain()
    expected = TorchPredictor(trained.network)(DIGITS.test.images)

    exact = OnnxPredictor(OnnxNetwork.of(float_model(trained.network, origin("")), 1))(DIGITS.test.images)
    rounded = OnnxPredictor(OnnxNetwork.of(int8_model(layers, DIGITS.train.images[:500], origin(""), weight_bits=7), 1))

    assert exact.dtype == np.float32
    assert exact == pytest.approx(expected, abs=1e-5)
    answers = rounded(DIGITS.test.images)
    assert answers.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert (answers.argmax(axis=1) == expected.argmax(axis=1)).mean() >= 0.98
    assert exact[:0].shape == rounded(DIGITS.test.images[:0]).shape == (0, 10)


def test_the_export_of_a_version_is_found_whatever_version_it_has_itself(trained, tmp_path):
    folder = tmp_path / "network.onnx"
    for made, version in zip(("2026-03-01T12.00.00.000Z", "2026-03-02T12.00.00.000Z"), VERSIONS, strict=True):
        (folder / made).mkdir(parents=True)
        onnx.save(float_model(trained.network, origin(version)), folder / made / "network.onnx")

    for version in VERSIONS:
        assert OnnxNetwork.find(folder, version).origin.version == version
    with pytest.raises(ValueError, match=r"no export of the network 2020 .* --load-versions network:2020`"):
        OnnxNetwork.find(folder, "2020")
