"""Prediction of many images and drift, on a network that has learned the sample."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from kedro.io.core import Version
from PIL import Image
from pydantic import ValidationError
from scipy import ndimage
from shipped import run as run_marked
from shipped import shipped_catalog

import configured
from detectors import untrained_detector
from html_page import Page
from mapped_memory import linux_only, resident_bytes
from mnist_growth.batch import features_of, read_results
from mnist_growth.digits import pixel_statistics, sample_digits, stratified_split
from mnist_growth.digits.idx import write_images
from mnist_growth.drift import watch
from mnist_growth.learning import GrowingAdamW
from mnist_growth.network import GrowingMLP, TrainedNetwork, predict_logits
from mnist_growth.pipeline_registry import register_pipelines
from mnist_growth.pipelines.drift.nodes import measure_reference
from mnist_growth.report import RunFacts

CONF = Path(__file__).parents[2] / "conf" / "base"
VERSION = "2026-01-31T12.00.00.000Z"
WINDOW = 250
CONFIG = configured.drift(window=WINDOW)


@pytest.fixture(scope="module")
def digits():
    return sample_digits()


@pytest.fixture(scope="module")
def split(digits):
    return stratified_split(digits.train.labels, configured.split())


@pytest.fixture(scope="module")
def trained(digits, split):
    """A small network after six epochs: about 95 % of the test digits are right."""
    generator = torch.Generator().manual_seed(0)
    statistics = pixel_statistics(digits.train.images, split.train)
    network = GrowingMLP((64, 64), pixel_mean=statistics.mean, pixel_std=statistics.std, generator=generator)
    optimizer = GrowingAdamW(network)
    images, labels = torch.from_numpy(digits.train.images), torch.from_numpy(digits.train.labels)
    for _ in range(6):
        for batch in torch.from_numpy(split.train)[torch.randperm(len(split.train), generator=generator)].split(100):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(network(images[batch]), labels[batch]).backward()
            optimizer.step(learning_rate=0.003)
    return TrainedNetwork(network.eval().requires_grad_(False), "sample", digits.fingerprint, 6, VERSION)


@pytest.fixture(scope="module")
def reference(trained, digits, split):
    return measure_reference(trained, digits.train, split, CONFIG)


@pytest.fixture(scope="module")
def unseen(digits, split):
    """The digits that the reference was not measured on, which the network has not learned for the most part."""
    return np.concatenate([digits.test.images, digits.train.images[split.train[:1000]]])


def run(folder, trained, reference, images, pipeline="drift", strict=False):
    """Run a pipeline on the shipped catalog, with its files below ``folder``, on images in an IDX file."""
    if not isinstance(images, Path):
        path = folder / "images.idx"
        write_images(path, images)
    else:
        path = images
    given = {
        "network": trained,
        "drift_reference": reference,
        "novelty_detector": untrained_detector(trained, np.zeros((2, 28, 28), np.uint8)),
        "params:novelty": configured.novelty(),
        "params:predict": configured.predict(folder=str(path), strict=strict),
        "params:drift": CONFIG,
        "parameters": {"drift": CONFIG},
        "run_facts": RunFacts(run={"commit": "0123abc"}, machine={}, software={}, versions={}),
    }
    return run_marked(register_pipelines()[pipeline], shipped_catalog(folder, "predict", "drift", given=given))


def alarms(folder, trained, reference, images):
    report = run(folder, trained, reference, images, pipeline="predict").load("drift_report")
    return set(report[report["alarm"]]["feature"])


def test_digits_like_those_of_training_raise_no_alarm_in_twenty_windows(tmp_path, trained, reference, unseen):
    results = run(tmp_path, trained, reference, unseen, pipeline="predict").load("batch_predictions")
    features = features_of(pd.concat(results.tables()))
    generator = np.random.default_rng(0)
    windows = [generator.permutation(len(unseen))[:WINDOW] for _ in range(20)]

    assert results.network_sha256 == trained.sha256 == reference.network_sha256
    report = watch(reference, [{name: values[rows] for name, values in features.items()} for rows in windows], CONFIG)

    assert report["window"].nunique() == 20
    assert not report["alarm"].any()


def textures(count):
    """Patches with a smooth or grainy surface, as pictures of clothing are."""
    generator = np.random.default_rng(1)
    grain = ndimage.gaussian_filter(generator.normal(0, 1, (count, 28, 28)), (0, 1, 1))
    inside = np.zeros((count, 28, 28))
    for image, top, left in zip(inside, *generator.integers(1, 7, (2, count)), strict=True):
        image[top:-top, left:-left] = 1
    return (inside * (150 + 100 * grain)).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("change", ["inverted", "rotated", "noisy", "textures"])
def test_other_images_raise_an_alarm_within_one_window(tmp_path, trained, reference, digits, change):
    images = digits.test.images[:WINDOW]
    changed = {
        "inverted": lambda: 255 - images,
        "rotated": lambda: ndimage.rotate(images, 45, axes=(1, 2), reshape=False, order=1),
        "noisy": lambda: (images + np.random.default_rng(0).normal(0, 70, images.shape)).clip(0, 255).astype(np.uint8),
        "textures": lambda: textures(WINDOW),
    }[change]()

    raised = alarms(tmp_path, trained, reference, changed)

    expected = {"inverted": {"pixel_mean"}, "noisy": {"pixel_mean"}, "rotated": {"confidence"}, "textures": {"ink"}}
    assert raised >= expected[change]
    if change == "inverted":
        assert raised == {"pixel_mean"}  # the network sees the digits as they were


def test_the_warning_names_the_measure_that_raised_the_alarm(tmp_path, trained, reference, digits, caplog):
    report = run(tmp_path, trained, reference, 255 - digits.test.images[:WINDOW], pipeline="predict").load(
        "drift_report"
    )
    [alarm] = report[report["alarm"]].to_dict("records")
    value, limit = alarm[alarm["measure"]], getattr(CONFIG.style, alarm["measure"])
    assert value > limit
    assert (
        f"Drift in 1 of 1 windows: pixel_mean ({alarm['measure'].upper()} {value:.3g}, limit {limit:g})" in caplog.text
    )


def test_predictions_of_digits_are_those_of_evaluation(tmp_path, trained, reference, digits):
    catalog = run(tmp_path, trained, reference, digits.test.images)

    results = catalog.load("batch_predictions")
    table = pd.concat(results.tables(), ignore_index=True)
    assert table["name"].tolist() == [str(number) for number in range(500)]
    assert table["prediction"].tolist() == predict_logits(trained.network, digits.test.images).argmax(1).tolist()
    assert (table["prediction"] == digits.test.labels).mean() > 0.9
    for name in ("drift_distributions_figure", "drift_windows_figure"):
        subtitle = catalog.load(name).layout.title.subtitle.text
        assert subtitle.startswith("500 images of ")
        assert subtitle.endswith("network 64-64 trained on sample")


def test_the_page_has_the_alarms_the_figures_and_the_counts(tmp_path, trained, reference, digits):
    catalog = run(tmp_path, trained, reference, 255 - digits.test.images[:WINDOW])

    [alarm] = (report := catalog.load("drift_report"))[report["alarm"]].to_dict("records")
    shown = Page(catalog.load("drift_page"))
    assert shown.headings[0] == "Drift in 1 of 1 window"
    assert shown.paragraphs[0].startswith(f"{WINDOW} images of ")
    assert shown.figures == ["drift_windows_figure", "drift_distributions_figure"]
    [_, row] = shown.tables["drift_alarms"]
    assert row[:4] == ["1", "1", "250", "pixel mean"]
    assert row[5] == f"{alarm[alarm['measure']]:.4f}"
    assert float(row[6]) == getattr(CONFIG.style, alarm["measure"])
    assert {row[0] for row in shown.tables["drift_features"][1:]} == {
        name.replace("_", " ") for name in report["feature"]
    }
    assert ["predicted", "250"] in shown.tables["predictions"]
    assert ["commit", "0123abc"] in shown.tables["run"]
    assert ["drift.window", str(WINDOW)] in shown.tables["parameters"]


def test_memory_does_not_grow_with_the_number_of_files(tmp_path, trained, reference, monkeypatch):
    from mnist_growth.batch import folder as folder_module
    from mnist_growth.batch import prediction as prediction_module
    from mnist_growth.machine import rss_bytes

    side, count, resident = 400, 240, []
    folder = tmp_path / "pictures"
    folder.mkdir()
    page = np.full((side, side), 255, np.uint8)
    page[133:266, 186:214] = 0
    Image.fromarray(page).save(tmp_path / "one.png")
    for number in range(count):
        (folder / f"{number}.png").hardlink_to(tmp_path / "one.png")
    monkeypatch.setattr(folder_module, "_PAGE", 60)
    monkeypatch.setattr(prediction_module, "PART", 30)
    original = prediction_module._predict
    monkeypatch.setattr(
        prediction_module, "_predict", lambda *given: (resident.append(rss_bytes()), original(*given))[1]
    )

    results = run(tmp_path, trained, reference, folder, pipeline="predict").load("batch_predictions")

    assert results.predicted == count
    growth = max(resident[3:]) - resident[3]
    assert growth < 0.2 * count * side * side  # all images together would be 38 MB


def test_unreadable_files_of_a_folder_are_skipped(tmp_path, trained, reference, digits, caplog):
    folder = tmp_path / "pictures" / "deeper"
    folder.mkdir(parents=True)
    for number, image in enumerate(digits.test.images[:5]):
        Image.fromarray(image).save(folder / f"{number}.png")
    (folder / "text.png").write_text("no image")

    results = run(tmp_path, trained, reference, tmp_path / "pictures").load("batch_predictions")

    assert (results.predicted, results.unreadable) == (5, 1)
    assert pd.read_csv(results.folder / "unreadable.csv")["name"].tolist() == ["deeper/text.png"]
    with pytest.raises(Exception, match=r"Cannot predict deeper/text\.png"):
        run(tmp_path / "strict", trained, reference, tmp_path / "pictures", strict=True)
    assert [path for path in (tmp_path / "strict").rglob("*") if path.is_file()] == []


def test_a_batch_without_any_readable_image_fails_and_keeps_the_reasons(tmp_path, trained, reference):
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "text.png").write_text("no image")

    with pytest.raises(Exception, match=r"None of the 1 images of .*pictures can be read: .*unreadable\.csv has the"):
        run(tmp_path, trained, reference, folder)
    [reasons] = tmp_path.rglob("unreadable.csv")
    assert pd.read_csv(reasons)["name"].tolist() == ["text.png"]


def test_the_reference_of_another_network_is_refused(tmp_path, reference, digits):
    other = TrainedNetwork(GrowingMLP((4,)).eval(), "sample", digits.fingerprint, 1, VERSION)

    with pytest.raises(ValueError, match="The node predict.watch_drift would mix results of several networks"):
        run(tmp_path, other, reference, digits.test.images[:50])


@linux_only
def test_measuring_the_reference_releases_the_memory_map(trained, digits, split, tmp_path):
    path = tmp_path / "images"
    path.write_bytes(np.ascontiguousarray(digits.train.images).tobytes())
    mapped = replace(digits.train, images=np.memmap(path, np.uint8, mode="r", shape=digits.train.images.shape))

    measured = measure_reference(trained, mapped, split, configured.drift())

    assert resident_bytes(path) == 0
    for name, feature in measure_reference(trained, digits.train, split, configured.drift()).features.items():
        assert np.array_equal(measured.features[name].counts, feature.counts)


def test_the_reference_is_measured_on_validation_digits(trained, digits, split):
    few = measure_reference(trained, digits.train, split, configured.drift(reference_digits=100))
    all_of_them = measure_reference(trained, digits.train, split, configured.drift())

    assert few.features["ink"].counts.sum() == 100
    assert all_of_them.features["ink"].counts.sum() == len(split.validation) == 450
    answers = predict_logits(trained.network, digits.train.images[split.validation]).argmax(1)
    assert all_of_them.features["digit"].counts.tolist() == [*np.bincount(answers, minlength=10), 0]
    other = TrainedNetwork(trained.network, "mnist", "0" * 64, 1)
    with pytest.raises(ValueError, match="trained on 'mnist', but the digits ingested last are of another set"):
        measure_reference(other, digits.train, split, configured.drift())


def test_a_wrong_parameter_is_refused():
    for wrong in ({"windows": 10}, {"window": 1}, {"style": {"kl": 0}}, {"smoothing": 0}):
        with pytest.raises(ValidationError):
            configured.drift(**wrong)
    assert configured.predict(folder=2026).folder == "2026"


def test_results_are_versioned(tmp_path, digits, trained):
    from mnist_growth.datasets import BatchPredictionsDataset, DriftReferenceDataset

    assert BatchPredictionsDataset(filepath="data/x", version=Version(None, VERSION)).exists() is False
    with pytest.raises(Exception, match=r"There is no folder of predictions .* `kedro run --pipeline predict`"):
        BatchPredictionsDataset(filepath=str(tmp_path / "x"), version=Version(None, VERSION)).load()
    with pytest.raises(Exception, match=r"There is no drift reference .* `kedro run --pipeline drift_reference`"):
        DriftReferenceDataset(filepath=str(tmp_path / "x"), version=Version(None, VERSION)).load()
    with pytest.raises(OSError, match=r"counts\.json"):
        read_results(tmp_path)
