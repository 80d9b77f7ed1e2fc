from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from kedro.io import DataCatalog
from pydantic import ValidationError
from shipped import run, shipped_catalog

import configured
from mapped_memory import linux_only, resident_bytes
from mnist_growth import evaluation
from mnist_growth.digits import Digits, Split
from mnist_growth.lineage import lineage_of, mark
from mnist_growth.network.file import TrainedNetwork
from mnist_growth.network.prediction import predict_logits
from mnist_growth.pipelines.evaluate import create_pipeline
from mnist_growth.pipelines.evaluate.nodes import measure_parts, predict
from mnist_growth.training import split_fingerprint

CONF = Path(__file__).parents[2] / "conf" / "base"
FIGURES = {
    "confusion_matrix_figure",
    "unit_cohorts_figure",
    "sample_predictions_figure",
    "worst_mistakes_figure",
    "reliability_figure",
    "confused_pairs_figure",
    "confused_digits_figure",
    "ambiguous_digits_figure",
}


@pytest.fixture(scope="module")
def train_digits(digits) -> Digits:
    generator = np.random.default_rng(2)
    images = generator.integers(0, 256, (90, 28, 28), dtype=np.uint8)
    return Digits(images, np.arange(90) % 10, dataset="sample", fingerprint=digits.fingerprint)


SPLIT = Split(train=np.arange(0, 70), validation=np.arange(70, 90))


@pytest.fixture(scope="module")
def trained(trained) -> TrainedNetwork:
    return replace(trained, split=split_fingerprint(SPLIT))


GROWTH_EVENTS = pd.DataFrame({"epoch": [3], "layer": [1], "width_before": [8], "width_after": [12]})


def train_digits_of(digits: Digits) -> Digits:
    """Other digits of the same set."""
    return Digits(digits.images[:90], digits.labels[:90], digits.dataset, digits.fingerprint)


def evaluate(folder, trained, digits, requested="sample") -> DataCatalog:
    """Run the pipeline on the shipped catalog and parameters, with its files below ``folder``."""
    given = {
        "network": trained,
        "test_digits": digits,
        "train_digits": train_digits_of(digits),
        "split": SPLIT,
        "growth_events": mark(GROWTH_EVENTS, lineage_of(trained)),
        "data_manifest": {"dataset": digits.dataset, "requested": requested},
        "params:evaluation": configured.evaluation(),
    }
    return run(create_pipeline(), shipped_catalog(folder, "evaluate", given=given))


def test_all_outputs_are_saved_and_belong_together(tmp_path, trained, digits):
    catalog = evaluate(tmp_path, trained, digits)

    predictions = catalog.load("predictions")
    metrics = catalog.load("test_metrics")
    matrix = catalog.load("confusion_matrix")
    expected = predict_logits(trained.network, digits.images).argmax(axis=1)
    assert predictions["prediction"].tolist() == expected.tolist()
    assert metrics["accuracy"] == (expected == digits.labels).mean()
    assert matrix.to_numpy().sum() == metrics["examples"] == 120
    assert np.trace(matrix) == 120 - metrics["errors"]
    assert catalog.load("class_metrics")["support"].tolist() == [12] * 10
    assert catalog.load("confused_pairs")["mistakes"].sum() == metrics["errors"]
    assert catalog.load("reliability_curve")["examples"].sum() == 120
    assert len(catalog.load("ambiguous_digits")) == 40
    assert set(catalog.load("confident_mistakes")["index"]) <= set(np.flatnonzero(expected != digits.labels))
    assert catalog.load("accuracy_by_part").set_index("part").loc["test", "accuracy"] == metrics["accuracy"]
    assert metrics["hidden_widths"] == [12, 8]
    assert metrics["parameters"] == 784 * 12 + 12 * 8 + 2 * (12 + 8) + 8 * 10 + 10
    assert (metrics["epochs"], metrics["dataset"], metrics["fingerprint"]) == (4, "sample", digits.fingerprint)


@linux_only
def test_measuring_the_parts_keeps_nothing_of_a_memory_map(trained, train_digits, digits, tmp_path):
    path = tmp_path / "images"
    path.write_bytes(train_digits.images.tobytes())
    mapped = replace(train_digits, images=np.memmap(path, np.uint8, mode="r", shape=train_digits.images.shape))
    predictions = evaluation.prediction_table(predict_logits(trained.network, digits.images), digits.labels)

    parts = measure_parts(trained, mapped, SPLIT, predictions)

    assert resident_bytes(path) == 0
    pd.testing.assert_frame_equal(parts, measure_parts(trained, train_digits, SPLIT, predictions))


def test_accuracy_on_each_part_is_that_of_the_network_on_its_digits(trained, train_digits, digits):
    predictions = evaluation.prediction_table(predict_logits(trained.network, digits.images), digits.labels)

    parts = measure_parts(trained, train_digits, SPLIT, predictions)

    right = predict_logits(trained.network, train_digits.images).argmax(axis=1) == train_digits.labels
    assert parts["part"].tolist() == ["training", "validation", "test"]
    assert parts["examples"].tolist() == [70, 20, 120]
    assert parts["accuracy"].tolist()[:2] == [right[:70].mean(), right[70:].mean()]


@pytest.mark.parametrize("known", ["", "0" * 64])
def test_with_another_split_training_and_validation_digits_are_not_told_apart(trained, train_digits, digits, known):
    predictions = evaluation.prediction_table(predict_logits(trained.network, digits.images), digits.labels)

    parts = measure_parts(replace(trained, split=known), train_digits, SPLIT, predictions)

    assert parts["part"].tolist() == ["training and validation", "test"]
    assert parts["examples"].tolist() == [90, 120]


def test_a_class_without_test_digits_is_named(trained, digits, caplog):
    kept = digits.labels != 8
    without = Digits(digits.images[kept], digits.labels[kept], digits.dataset, digits.fingerprint)

    predict(trained, without)

    [record] = caplog.records
    assert record.getMessage().startswith("The test digits of sample contain none of class 8: its recall")


def test_every_figure_says_where_it_comes_from(tmp_path, trained, digits):
    catalog = evaluate(tmp_path, trained, digits)

    subtitles = {catalog.load(name).layout.title.subtitle.text for name in FIGURES}

    assert subtitles == {"dataset sample · 120 test digits · network 12-8 after 4 epochs"}


def test_a_fallback_is_named_in_the_metrics_and_on_the_figures(tmp_path, trained, digits):
    catalog = evaluate(tmp_path, trained, digits, requested="mnist")

    assert catalog.load("test_metrics")["requested_dataset"] == "mnist"
    for name in FIGURES:
        subtitle = catalog.load(name).layout.title.subtitle.text
        assert "sample (fallback: mnist could not be downloaded)" in subtitle


def test_every_unit_belongs_to_the_growth_it_was_born_in(tmp_path, trained, digits):
    cohorts = evaluate(tmp_path, trained, digits).load("unit_cohorts").set_index(["layer", "born_epoch"])["units"]

    assert cohorts.to_dict() == {(1, 1): 8, (1, 3): 4, (2, 1): 8}


def test_every_result_carries_the_network(tmp_path, trained, digits):
    catalog = evaluate(tmp_path, trained, digits)

    for name in create_pipeline().all_outputs() - {"provenance"}:
        assert lineage_of(catalog.load(name)) == lineage_of(trained), name


def test_two_evaluations_save_the_same_bytes(tmp_path, trained, digits):
    for folder in ("first", "second"):
        evaluate(tmp_path / folder, trained, digits)

    first, second = (
        {path.name: path.read_bytes() for path in (tmp_path / folder).rglob("*.json") if path.is_file()}
        for folder in ("first", "second")
    )
    assert set(first) == {"test_metrics.json", *(f"{name}.json" for name in FIGURES)}
    assert first == second


def test_a_network_of_another_set_is_refused_and_nothing_is_saved(tmp_path, trained, digits):
    other = TrainedNetwork(trained.network, dataset="mnist", fingerprint="0" * 64, epochs=4)

    with pytest.raises(ValueError, match="trained on 'mnist', but the test digits are from 'sample'"):
        evaluate(tmp_path, other, digits)

    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("wrong", [{"calibration_bin": 10}, {"calibration_bins": 0}, {"sample_digits": 1000}])
def test_a_wrong_parameter_is_refused(wrong):
    with pytest.raises(ValidationError):
        configured.evaluation(**wrong)
