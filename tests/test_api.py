"""The public API: ``import mnist_growth as mg``."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import mnist_growth as mg
from mnist_growth.batch import open_source, read_results, write_results
from mnist_growth.configuration import load_parameters
from mnist_growth.drift import FEATURES, DriftReference, load_reference, save_reference
from mnist_growth.export import OnnxNetwork, float_model, origin_of
from mnist_growth.network import TrainedNetwork, load_network, load_tensors, save_network, save_tensors
from mnist_growth.novelty import NoveltyDetector, load_detector, save_detector

CONF = Path(__file__).parents[1] / "conf"


def test_every_name_is_there_and_nothing_else_is_offered():
    assert set(mg.__all__) == set(mg._HOMES)
    assert all(getattr(mg, name) is not None for name in mg.__all__)
    assert set(mg.__all__) <= set(dir(mg))
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        mg.nothing  # noqa: B018


def test_importing_the_package_imports_no_library():
    code = "import sys, mnist_growth; print(sorted({'torch', 'numpy', 'pandas', 'kedro'} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.parametrize(("widths", "expected"), [(9, (9, 9)), ([6, 8], (6, 8))])
def test_widening_preserves_the_logits_and_the_optimizer_follows(widths, expected):
    images = mg.sample_digits().test.images[:50]
    network = mg.mlp([6, 5], generator=torch.Generator().manual_seed(0))
    optimizer = mg.GrowingAdamW(network)
    wider = mg.widen(network, widths, operator="paired", optimizer=optimizer)
    assert wider.widths == expected
    assert network.widths == (6, 5)
    assert all(optimizer.parameters[name] is parameter for name, parameter in wider.named_parameters())
    before, after = mg.predict_logits(network, images), mg.predict_logits(wider, images)
    assert np.abs(after - before).max() <= 1e-6 * np.abs(before).max()


def test_predictions_are_the_largest_logits_also_of_a_network_from_a_file(tmp_path):
    images = mg.sample_digits().test.images[:20]
    trained = mg.TrainedNetwork(mg.mlp([6]).eval(), "sample", "ab" * 32, epochs=1)
    mg.save_network(str(tmp_path / "network.safetensors"), trained)
    loaded = mg.load_network(tmp_path / "network.safetensors")
    predicted = mg.predict(loaded, images)
    assert predicted.dtype == np.int64
    assert np.array_equal(predicted, mg.predict_logits(trained.network, images).argmax(axis=1))


@pytest.mark.parametrize("widths", [5, [6, 4], [9], [9, 9, 9]])
def test_widths_that_do_not_fit_are_refused(widths):
    with pytest.raises(ValueError, match="expected one for each of .6, 5., none smaller than it is"):
        mg.widen(mg.mlp([6, 5]), widths)


def test_an_operator_that_follows_the_gradient_asks_for_a_probe():
    network = mg.mlp([6, 5])
    with pytest.raises(ValueError, match="give it labelled images as a probe"):
        mg.widen(network, 9, operator="gradient_directed")
    digits = mg.sample_digits().train
    probe = mg.Probe(torch.from_numpy(digits.images[:64]), torch.from_numpy(digits.labels[:64]))
    assert mg.widen(network, 9, operator="gradient_directed", probe=probe).widths == (9, 9)


def file_formats():
    """Writers and readers of files, and what they write."""
    network = TrainedNetwork(mg.mlp([16]).eval(), "mnist", "ab" * 32, epochs=1)
    layers = ((torch.zeros(1, 16), torch.zeros(1)),)
    detector = NoveltyDetector(network.sha256, "mnist", torch.zeros(16), torch.ones(1), layers, torch.zeros(2))
    features = {name: np.linspace(0, 1, 40) for name in FEATURES}
    reference = DriftReference.of(features, 5, 10, network.sha256, "mnist")
    model = float_model(network.network, origin_of(network))
    return {
        "network": (save_network, load_network, network),
        "detector": (save_detector, load_detector, detector),
        "drift reference": (save_reference, load_reference, reference),
        "ONNX": (lambda path, value: Path(path).write_bytes(value.SerializeToString()), OnnxNetwork.load, model),
        "tensors": (
            lambda path, value: save_tensors(path, "network", value, {}),
            lambda path: load_tensors(path, "network"),
            {"a": torch.zeros(1)},
        ),
    }


@pytest.mark.parametrize("name", ["network", "detector", "drift reference", "ONNX", "tensors"])
@pytest.mark.parametrize("kind", [str, Path])
def test_files_are_named_by_text_or_path(tmp_path, name, kind):
    save, load, value = file_formats()[name]

    save(kind(tmp_path / "file"), value)

    assert load(kind(tmp_path / "file")) is not None


def test_exports_and_parameters_are_found_by_text(tmp_path):
    network = TrainedNetwork(mg.mlp([16]).eval(), "mnist", "ab" * 32, epochs=1)
    folder = tmp_path / "network.onnx"
    (folder / "1").mkdir(parents=True)
    (folder / "1" / folder.name).write_bytes(float_model(network.network, origin_of(network)).SerializeToString())

    assert OnnxNetwork.find(str(folder), network).origin.network_sha256 == network.sha256
    assert load_parameters(str(CONF))["training"] == load_parameters(CONF)["training"]


@pytest.mark.parametrize("kind", [str, Path])
def test_images_to_predict_and_results_are_named_by_text_or_path(tmp_path, kind):
    Image.fromarray(mg.sample_digits().test.images[0]).save(tmp_path / "seven.png")

    assert len(open_source(kind(tmp_path))) == 1
    assert write_results(kind(tmp_path / "results"), []).predicted == 0
    assert read_results(kind(tmp_path / "results")).predicted == 0
