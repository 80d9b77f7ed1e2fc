"""The public API: ``import mnist_growth as mg``."""

import subprocess
import sys

import numpy as np
import pytest
import torch

import mnist_growth as mg


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
