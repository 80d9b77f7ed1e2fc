import copy
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner
from pydantic import ValidationError

import configured
from mnist_growth.digits import DIGIT_NAMES, MNIST_PREPARATION, Split, sample_digits
from mnist_growth.export import OnnxNetwork, Origin
from mnist_growth.network import GrowingMLP, TrainedNetwork, predict_logits
from mnist_growth.pipelines.export import create_pipeline, nodes

CONF = Path(__file__).parents[2] / "conf" / "base"
VERSION = "2026-01-31T12.00.00.000Z"


@pytest.fixture(scope="module")
def digits():
    return sample_digits()


@pytest.fixture(scope="module")
def trained(digits):
    network = GrowingMLP((12, 8), generator=torch.Generator().manual_seed(3))
    with torch.no_grad():  # running statistics
        for _ in range(30):
            network(torch.from_numpy(digits.train.images[:500]))
    return TrainedNetwork(network.eval().requires_grad_(False), "sample", digits.fingerprint, 4, VERSION)


def run(folder, trained, digits, config=None) -> DataCatalog:
    """Run the pipeline on the shipped catalog and parameters, with its files below ``folder``."""
    entries = yaml.safe_load((CONF / "catalog_export.yml").read_text())
    for entry in entries.values():
        entry["filepath"] = str(folder / entry["filepath"])
    catalog = DataCatalog.from_config(entries)
    inputs = {
        "network": trained,
        "train_digits": digits.train,
        "test_digits": digits.test,
        "split": Split(train=np.arange(4000), validation=np.arange(4000, 4500)),
        "params:export": config or configured.export(calibration_digits=500),
    }
    for name, value in inputs.items():
        catalog[name] = MemoryDataset(value, copy_mode="assign")
    SequentialRunner().run(create_pipeline(), catalog)
    return catalog


def test_both_models_come_from_the_network_and_are_measured(tmp_path, trained, digits):
    catalog = run(tmp_path, trained, digits)
    expected = predict_logits(trained.network, digits.test.images)

    metrics = catalog.load("export_metrics")
    for name in ("network_onnx", "network_int8"):
        exported = OnnxNetwork.of(catalog.load(name), threads=1)
        form = metrics[name.removeprefix("network_")]
        answers = exported.predict_logits(digits.test.images)
        assert exported.origin == Origin(
            trained.sha256, "sample", digits.fingerprint, VERSION, (12, 8), 4, MNIST_PREPARATION, DIGIT_NAMES
        )
        assert form["errors"] == (answers.argmax(axis=1) != digits.test.labels).sum()
        assert form["same_answers"] == (answers.argmax(axis=1) == expected.argmax(axis=1)).mean()
        assert form["bytes"] == catalog.load(name).ByteSize()
    assert metrics["onnx"]["largest_relative_change"] <= 1e-5
    assert metrics["examples"] == 500
    assert metrics["network_version"] == VERSION
    assert metrics["int8_accuracy_kept"] == (metrics["int8"]["errors"] - metrics["torch"]["errors"] <= 0)


def test_a_second_export_gives_the_same_bytes(tmp_path, trained, digits):
    first, second = (run(tmp_path / name, trained, digits) for name in ("first", "second"))

    for name in ("network_onnx", "network_int8"):
        assert first.load(name).SerializeToString() == second.load(name).SerializeToString()
    assert json.dumps(first.load("export_metrics")) == json.dumps(second.load("export_metrics"))


def test_digits_of_another_set_are_refused(tmp_path, trained, digits):
    other = TrainedNetwork(trained.network, "mnist", "0" * 64, 4)

    with pytest.raises(ValueError, match="trained on 'mnist', but the test digits are from 'sample'"):
        nodes.export_float(other, digits.test)
    with pytest.raises(ValueError, match="trained on 'mnist', but the newest training digits are of another dataset"):
        nodes.export_int8(other, digits.train, Split(np.arange(10), np.arange(10, 20)), configured.export())


def with_output_times(network, factor):
    """A copy whose logits are multiplied by a number."""
    other = copy.deepcopy(network)
    with torch.no_grad():
        other.output.weight.mul_(factor)
        other.output.bias.mul_(factor)
    return other


def test_an_export_that_computes_something_else_is_refused(trained, digits, monkeypatch):
    wrong = nodes.export.float_model(with_output_times(trained.network, 1.001), nodes.export.origin_of(trained))
    monkeypatch.setattr(nodes.export, "float_model", lambda *_: wrong)

    with pytest.raises(ValueError, match="logits of the exported network differ from torch's by 1.0e-03"):
        nodes.export_float(trained, digits.test)


@pytest.mark.parametrize(("weight_bits", "remedy"), [(7, "(export.weight_bits=8)"), (8, "(export.weight_bits=7)")])
def test_lost_accuracy_is_reported_with_the_parameter_that_helps(trained, digits, caplog, weight_bits, remedy):
    own_answers = predict_logits(trained.network, digits.test.images).argmax(axis=1)
    easy = replace(digits.test, labels=own_answers)  # no errors by torch
    model, broken = (
        nodes.export.float_model(network, nodes.export.origin_of(trained))
        for network in (trained.network, with_output_times(trained.network, -1))
    )

    metrics = nodes.measure_exports(trained, model, broken, easy, configured.export(weight_bits=weight_bits))

    assert (metrics["int8_accuracy_kept"], metrics["int8_accuracy_lost"]) == (False, 1.0)
    assert "The int8 network has lost 100.00 points of accuracy (500 instead of 0 errors in 500 digits)" in caplog.text
    assert remedy in caplog.text


def test_accuracy_that_was_kept_is_no_warning(trained, digits, caplog):
    model = nodes.export_float(trained, digits.test)

    metrics = nodes.measure_exports(trained, model, model, digits.test, configured.export())

    assert (metrics["int8_accuracy_kept"], metrics["int8_accuracy_lost"]) == (True, 0.0)
    assert "has lost" not in caplog.text


@pytest.mark.parametrize(("weight_bits", "warnings"), [(7, 0), (8, 1)])
def test_weights_that_are_wrong_on_some_processors_are_reported(trained, digits, caplog, weight_bits, warnings):
    split = Split(train=np.arange(100), validation=np.arange(100, 200))

    nodes.export_int8(trained, digits.train, split, configured.export(calibration_digits=10, weight_bits=weight_bits))

    assert caplog.text.count("Use export.weight_bits=7 for correct results on every processor") == warnings


@pytest.mark.parametrize("wrong", [{"calibration_digit": 10}, {"weight_bits": 4}, {"max_accuracy_loss": -1}])
def test_a_wrong_parameter_is_refused(wrong):
    with pytest.raises(ValidationError):
        configured.export(**wrong)
