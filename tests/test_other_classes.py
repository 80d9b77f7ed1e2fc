"""Data sets with other classes than the ten digits, from their files to the answers."""

import base64
import io
import json
import re
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from fastapi.testclient import TestClient
from rich.console import Console

import configured
from file_formats import png, write_csv
from image_sets import SAMPLE
from mnist_growth import pyfunc
from mnist_growth.batch import Picture, features_of, predict_pictures
from mnist_growth.datasets import DigitsDataset
from mnist_growth.digits import DigitSet, data_manifest, own_digits, pixel_statistics, prepare, stratified_split
from mnist_growth.evaluation import class_metrics, confused_pairs, confusion_matrix, summary, test_metrics
from mnist_growth.export import OnnxNetwork
from mnist_growth.network import TrainedNetwork, load_network, predict_logits, save_network
from mnist_growth.pipelines.compare.nodes import compare_classes
from mnist_growth.pipelines.drift.nodes import measure_reference
from mnist_growth.pipelines.evaluate.nodes import (
    draw_confused_pairs,
    draw_digits,
    find_ambiguous,
    find_confident_mistakes,
    find_confused_pairs,
    measure,
    measure_classes,
    predict,
)
from mnist_growth.pipelines.export.nodes import export_float, export_int8
from mnist_growth.serving import ServedModel
from mnist_growth.serving.app import create_app
from mnist_growth.serving.service import Service
from mnist_growth.training import Machine, TerminalMonitor, define_training, start_training
from mnist_growth.training.checkpoint_store import CheckpointStore

test_metrics.__test__ = False  # type: ignore[attr-defined]
NAMES = {"few": ("ant", "bee", "cat"), "letters": tuple(str(number) for number in range(1, 27))}
IMAGES = {"train": SAMPLE.train.images[:780], "test": SAMPLE.test.images[:260]}


def written(kind: str, folder: Path) -> Path:
    """Images of digits with labels of their own: class folders, or tables whose labels begin with 1."""
    names = NAMES[kind]
    for part, images in IMAGES.items():
        labels = np.arange(len(images)) % len(names)
        if kind == "letters":
            write_csv(folder / f"{part}.csv", images, labels + 1)
            continue
        for position, (image, label) in enumerate(zip(images, labels, strict=True)):
            path = folder / part / names[label] / f"{position:03}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(png(image))
    return folder


@pytest.fixture(scope="module", params=NAMES)
def digits(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> DigitSet:
    folder = written(request.param, tmp_path_factory.mktemp("set"))
    return prepare(own_digits(folder, configured.archive()), "auto")


@pytest.fixture(scope="module")
def trained(digits: DigitSet, tmp_path_factory: pytest.TempPathFactory) -> TrainedNetwork:
    """A network that was trained for two epochs and grew, from its file."""
    folder = tmp_path_factory.mktemp("network")
    split = stratified_split(digits.train.labels, configured.split())
    setup = define_training(
        digits.train,
        split,
        configured.network(),
        configured.growth(initial_neurons=8, max_neurons=16, growth_epochs=1, growth_rate=8),
        configured.training(epochs=2, batch_size=64),
        configured.warps(),
    )
    pixels = pixel_statistics(digits.train.images, split.train)
    training = start_training(setup, digits.train, split, pixels, Machine("cpu", 1, 0.9))
    with (store := CheckpointStore(folder=folder / "checkpoints", earlier=folder, newest=1)).in_use():
        training.run(store, TerminalMonitor())
    save_network(folder / "network.safetensors", training.trained())
    return load_network(folder / "network.safetensors")


def test_classes_are_read_and_described(digits: DigitSet, tmp_path: Path) -> None:
    names = digits.class_names
    assert names in NAMES.values()
    assert sorted(set(digits.train.labels.tolist())) == list(range(len(names)))
    manifest = json.loads(json.dumps(data_manifest(digits)))
    assert tuple(manifest["class_names"]) == names
    assert sum(manifest["train"]["class_counts"].values()) == 780
    assert list(manifest["test"]["class_counts"]) == list(names)
    from kedro.io.core import Version

    for version in (Version(None, "1"),):
        DigitsDataset((tmp_path / "digits").as_posix(), version).save(digits.train)
    again = DigitsDataset((tmp_path / "digits").as_posix(), Version(None, None)).load()
    assert again.class_names == names
    np.testing.assert_array_equal(again.labels, digits.train.labels)


def test_the_network_has_an_output_for_each_class(digits: DigitSet, trained: TrainedNetwork) -> None:
    assert trained.class_names == digits.class_names
    assert trained.network.classes == trained.network.spec.classes == len(digits.class_names)
    assert trained.network.widths == (16, 16, 16)
    with torch.no_grad():
        assert trained.network(torch.zeros(2, 28, 28)).shape == (2, len(digits.class_names))
    assert trained.network.parameter_count == trained.network.spec.parameter_count


def test_metrics_have_all_classes(digits: DigitSet, trained: TrainedNetwork) -> None:
    classes = len(digits.class_names)
    predictions = predict(trained, digits.test)
    assert confusion_matrix(predictions).shape == (classes, classes)
    assert confusion_matrix(predictions).to_numpy().sum() == len(digits.test)
    assert len(class_metrics(predictions, digits.class_names)) == classes
    assert len(confused_pairs(predictions, digits.class_names)) == classes * (classes - 1) // 2
    metrics = test_metrics(
        predictions,
        dataset="folder",
        requested_dataset="folder",
        fingerprint="",
        hidden_widths=(16,),
        parameters=1,
        epochs=2,
        calibration_bins=10,
    )
    assert metrics["examples"] == len(digits.test)


def test_tables_and_messages_name_the_class(digits: DigitSet, trained: TrainedNetwork) -> None:
    images, names = digits.test.images[:40], digits.class_names
    expected = [names[number] for number in predict(trained, digits.test)["prediction"][:40]]
    pictures = (Picture(str(position), image) for position, image in enumerate(images))
    logits = partial(predict_logits, trained.network)
    [part] = predict_pictures(pictures, logits, trained.preparation.apply, trained.class_names)
    assert part.predictions["class_name"].tolist() == expected
    assert f"probability_{len(names) - 1}" in part.predictions
    assert pyfunc.DigitClassifier(trained).predict(images)["class_name"].tolist() == expected
    with TestClient(create_app(Service(lambda: ServedModel.of(trained, "1"), configured.serving()))) as client:
        model = client.get("/model").json()
        body = {"images": [base64.b64encode(png(image)).decode() for image in images]}
        answers = client.post("/predict/batch", json=body).json()["predictions"]
        one = client.post("/explain", json={"image": body["images"][0]}).json()
    assert tuple(model["class_names"]) == names
    assert [answer["class_name"] for answer in answers] == expected
    assert all(len(answer["probabilities"]) == len(names) for answer in answers)
    assert one["class_name"] == expected[0]


def test_tables_summary_and_figures_have_the_names_of_the_classes(digits: DigitSet, trained: TrainedNetwork) -> None:
    names, test = digits.class_names, digits.test
    evaluation = configured.evaluation(worst_mistakes=200, sample_digits=200)
    predictions = predict(trained, test)
    classes, pairs = measure_classes(predictions, trained), find_confused_pairs(predictions, trained)

    assert tuple(classes["class_name"]) == names
    assert pairs["first_name"].tolist() == [names[number] for number in pairs["first"]]
    assert pairs["second_name"].tolist() == [names[number] for number in pairs["second"]]
    assert set(compare_classes(predictions, predictions, test)["class_name"]) == {"all", *names}

    metrics = measure(predictions, trained, test, data_manifest(digits), evaluation)
    written = io.StringIO()
    Console(file=written, width=200).print(summary(metrics, predictions, names))
    weakest = classes.sort_values(["recall", "digit"])["class_name"].iloc[0]
    assert re.search(rf"weakest classes +{weakest} \(", written.getvalue())

    confused, gallery = draw_confused_pairs(test, predictions, pairs, evaluation, "")
    wrong, close = find_confident_mistakes(predictions, evaluation), find_ambiguous(predictions, evaluation)
    sample, worst, _ = draw_digits(test, predictions, wrong, close, evaluation, "")
    first = pairs.iloc[0]
    assert confused.data[0].x[0] == f"{first['first_name']} and {first['second_name']}"
    mistakes = predictions[predictions["label"] != predictions["prediction"]]
    texts = {f"<b>{names[row.label]} → {names[row.prediction]}</b>" for row in mistakes.itertuples()}
    for figure in (gallery, worst):
        shown = {text.rsplit("<br>", 1)[0] for text in figure.data[1].text}
        assert shown
        assert shown <= texts
    assert {text.rsplit("<br>", 1)[0] for text in sample.data[1].text} - texts <= set(names)


def test_drift_and_exports_have_all_classes(digits: DigitSet, trained: TrainedNetwork) -> None:
    split = stratified_split(digits.train.labels, configured.split())
    reference = measure_reference(trained, digits.train, split, configured.drift())
    assert len(reference.features["digit"].counts) == len(digits.class_names) + 1
    assert isinstance(features_of(pd.DataFrame({name: [1.0] for name in (*reference.features, "prediction")})), dict)
    expected = predict_logits(trained.network, digits.test.images)
    for model in (
        export_float(trained, digits.test),
        export_int8(trained, digits.train, split, configured.export()),
    ):
        exported = OnnxNetwork.of(model)
        assert exported.origin.class_names == digits.class_names
        assert exported.predict_logits(digits.test.images).shape == expected.shape
        assert exported.predict_logits(digits.test.images[:0]).shape == (0, len(digits.class_names))
