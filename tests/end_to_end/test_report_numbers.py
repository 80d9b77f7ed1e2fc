"""Every number of the report, computed once more by another route than the project's own.

The page is read as a reader sees it; what is recomputed starts from the predictions, the network's file, the digits
and the columns of the training history, with scikit-learn, statsmodels and plain numpy.
"""

import json

import numpy as np
import pandas as pd
import pytest
import torch
from network_by_hand import forward, read_weights
from sklearn import metrics
from statsmodels.stats.proportion import proportion_confint

from html_page import Page
from mnist_growth.digits import sample_digits

DIGITS = sample_digits().test


@pytest.fixture(scope="module")
def project(smoke_run):
    return smoke_run.project


@pytest.fixture(scope="module")
def tables(project) -> dict[str, list[list[str]]]:
    return Page(project.path("08_reporting/report.html").read_text("utf-8")).tables


@pytest.fixture(scope="module")
def predictions(project) -> pd.DataFrame:
    return pd.read_parquet(project.path("07_model_output/predictions.parquet"))


@pytest.fixture(scope="module")
def history(project) -> pd.DataFrame:
    return pd.read_parquet(project.path("06_models/training_history.parquet"))


@pytest.fixture(scope="module")
def weights(project) -> dict[str, np.ndarray]:
    return read_weights(project.path("06_models/network.safetensors"))


def percent(share: float) -> str:
    return f"{100 * share:.2f} %"


def bounds(right: float, number: float) -> str:
    low, high = proportion_confint(right, number, method="wilson")
    return f"{100 * low:.2f} to {100 * high:.2f} %"


def rate(right: float, number: float) -> str:
    return f"{percent(right / number)} ({bounds(right, number)})"


def test_key_numbers_of_the_test(tables, predictions):
    shown = {row[0]: row[1] for row in tables["key_numbers"]}
    truth, answers = predictions["label"], predictions["prediction"]
    odds = predictions.filter(like="probability_").to_numpy()
    right = int(metrics.accuracy_score(truth, answers, normalize=False))
    confidence, bins = odds.max(axis=1), np.ceil(odds.max(axis=1) * 15)
    gaps = [
        (bins == number).sum() * abs((answers == truth)[bins == number].mean() - confidence[bins == number].mean())
        for number in np.unique(bins)
    ]

    assert shown["test accuracy"] == rate(right, 500)
    assert shown["test error rate"] == percent(1 - right / 500)
    assert shown["mistakes"] == str(500 - right)
    assert shown["test digits"] == "500" == str(len(DIGITS.labels))
    top_2 = metrics.top_k_accuracy_score(truth, odds, k=2)
    assert shown["true digit among the top two"] == percent(top_2)
    assert shown["test loss (negative log-likelihood)"] == f"{metrics.log_loss(truth, odds):.4f} nats"
    assert shown["Brier score, 0 (best) to 2"] == f"{((odds - np.eye(10)[truth]) ** 2).sum(axis=1).mean():.4f}"
    assert shown["macro F1"] == percent(metrics.f1_score(truth, answers, average="macro"))
    assert shown["expected calibration error"] == percent(sum(gaps) / 500)
    assert len(shown) == 10  # with the heading: nothing else is claimed


def test_key_numbers_of_the_training(tables, history):
    shown = {row[0]: row[1] for row in tables["learning"]}
    last = history.to_dict("records")[-1]

    assert shown["validation accuracy after the last epoch"] == percent(last["validation_accuracy"])
    assert shown["validation loss after the last epoch"] == f"{last['validation_loss']:.4f} nats"
    assert shown["training accuracy in the last epoch, on warped images"] == percent(last["train_accuracy"])
    assert shown["training loss in the last epoch, on warped images"] == f"{last['train_loss']:.4f} nats"
    best = max(history["validation_accuracy"])
    assert shown["best validation accuracy"] == percent(best)
    assert shown["epoch of the best validation accuracy"] == str(1 + list(history["validation_accuracy"]).index(best))
    assert len(shown) == 7  # with the heading: nothing else is claimed


def test_each_digit(tables, predictions):
    truth, answers = predictions["label"].to_numpy(), predictions["prediction"].to_numpy()

    for digit, row in enumerate(tables["class_metrics"][1:]):
        hits = int(((truth == digit) & (answers == digit)).sum())
        expected = [
            str(digit),
            str((truth == digit).sum()),
            rate(hits, (answers == digit).sum()),
            rate(hits, (truth == digit).sum()),
            percent(metrics.f1_score(truth == digit, answers == digit)),
        ]
        assert row == expected


def test_confused_pairs(tables, predictions):
    counts = metrics.confusion_matrix(predictions["label"], predictions["prediction"])
    support = counts.sum(axis=1)
    rows = tables["confused_pairs"][1:]

    for row in rows:
        one, other = int(row[0]), int(row[1])
        there, back = counts[one, other], counts[other, one]
        assert row[2:] == [
            str(there + back),
            rate(there + back, support[one] + support[other]),
            rate(there, support[one]),
            rate(back, support[other]),
        ]
    assert sum(int(row[2]) for row in rows) == 500 - counts.trace()


def test_every_part_of_the_digits(tables, project, weights):
    split = pd.read_parquet(project.path("03_primary/split.parquet"))
    train = sample_digits().train
    parts = {row[0]: row[1:] for row in tables["accuracy_by_part"][1:]}
    held_out = split.loc[split["part"] == "validation", "index"].to_numpy()
    learned = np.setdiff1d(np.arange(len(train.labels)), held_out)
    chosen = {
        "training": (train.images[learned], train.labels[learned]),
        "validation": (train.images[held_out], train.labels[held_out]),
        "test": (DIGITS.images, DIGITS.labels),
    }

    assert parts.keys() == chosen.keys()
    for name, (images, labels) in chosen.items():
        logits = forward(weights, images)[1]
        right = int((logits.argmax(axis=1) == labels).sum())
        loss = float(torch.nn.functional.cross_entropy(torch.from_numpy(logits), torch.from_numpy(np.array(labels))))
        assert parts[name] == [
            f"{len(labels):,}",
            str(len(labels) - right),
            rate(right, len(labels)),
            f"{loss:.4f}",
        ]


def test_growths_and_epochs(tables, history):
    sizes = [32, 48, 64]
    rows = tables["growth_events"][1:]

    for position, row in enumerate(rows):
        growth, layer = divmod(position, 3)
        before, after = sizes[growth], sizes[growth + 1]
        parameters = 784 * after + 2 * after * after + 10 * after + 6 * after + 10
        assert row[:7] == [
            str(growth + 2),
            f"hidden layer {layer + 1}",
            str(before),
            str(after),
            "zero_fan_out",
            "schedule",
            f"{parameters:,}",
        ]
        assert float(row[7]) <= 1e-6 * float(row[8])
    assert len(rows) == 6
    assert [row[0] for row in tables["training_history"][1:]] == ["1", "2", "3", "4"]
    for row, epoch in zip(tables["training_history"][1:], history.to_dict("records"), strict=True):
        width = int(epoch["widths"].split("-")[0])
        assert row[1:3] == [f"{width}-{width}-{width}", f"{784 * width + 2 * width**2 + 16 * width + 10:,}"]
        assert float(row[3]) == pytest.approx(epoch["learning_rate"], rel=5e-3, abs=1e-12)
        assert row[4:8] == [
            f"{epoch['train_loss']:.4f}",
            percent(epoch["train_accuracy"]),
            f"{epoch['validation_loss']:.4f}",
            percent(epoch["validation_accuracy"]),
        ]
        assert row[8:] == [f"{round(epoch['images_per_second']):,}", f"{round(epoch['rss_bytes'] / 1e6):,} MB"]


def test_what_became_of_the_units(tables, weights):
    images, labels = DIGITS.images, torch.from_numpy(np.array(DIGITS.labels))
    hidden, logits = forward(weights, images)

    def loss(answers):
        return float(torch.nn.functional.cross_entropy(torch.from_numpy(answers), labels))

    rows = tables["unit_cohorts"][1:]
    cohorts = [(layer, born, part) for layer in range(3) for born, part in ((1, (0, 32)), (2, (32, 48)), (3, (48, 64)))]
    for row, (layer, born, (start, stop)) in zip(rows, cohorts, strict=True):
        active = hidden[layer][:, start:stop]
        scale = weights[f"hidden.{layer}.norm.weight"] / np.sqrt(weights[f"hidden.{layer}.norm.running_var"] + 1e-5)
        incoming = (weights[f"hidden.{layer}.linear.weight"] * scale[:, None])[start:stop]
        outgoing = weights["output.weight" if layer == 2 else f"hidden.{layer + 1}.linear.weight"][:, start:stop]
        silenced = hidden[layer].copy()
        silenced[:, start:stop] = active.mean(axis=0)
        increase = loss(forward(weights, images, layer + 1, silenced)[1]) - loss(logits)

        assert row[:5] == [
            f"hidden layer {layer + 1}",
            str(born),
            str(4 - born + 1),
            str(stop - start),
            str((active.max(axis=0) <= 0).sum()),
        ]
        expected = [
            np.median(active.var(axis=0)),
            np.median(np.linalg.norm(incoming, axis=1)),
            np.median(np.linalg.norm(outgoing, axis=0)),
            increase,
            increase / (stop - start),
        ]
        # The page has four digits; the project computes in float32.
        assert [float(text) for text in row[5:]] == pytest.approx(expected, rel=5e-3, abs=1e-6)


def test_cost(tables, history):
    shown = {row[0]: row[1] for row in tables["training_cost"]}
    images = 4050 // 64 * 64  # of an epoch: whole batches of nine tenths of the training digits
    spent = [3 * images * (784 * width + 2 * width**2 + 10 * width) for width in (32, 48, 64, 64)]

    assert shown["epochs"] == "4"
    assert shown["training images processed"] == f"{4 * images:,}"
    assert shown["growths"] == "2"
    assert shown["multiply-adds of the training"] == f"{sum(spent):.2e}"
    assert shown["multiply-adds with the final widths from the start"] == f"{4 * spent[-1]:.2e}"
    assert shown["ratio of the two"] == percent(sum(spent) / (4 * spent[-1]))
    seconds = sum(history["seconds"])
    assert shown["training time, without validation and checkpoints"] == f"{seconds:.1f} s"
    assert shown["images per second"] == f"{4 * images / seconds:,.0f}"
    assert shown["peak memory of the process"] == f"{max(history['peak_rss_bytes']) / 1e6:,.0f} MB"
    assert len(shown) == 10


def test_layers_and_memory(tables, weights):
    matrices = [weights[f"hidden.{layer}.linear.weight"] for layer in range(3)] + [weights["output.weight"]]
    others = [2 * 64, 2 * 64, 2 * 64, 10]
    kept = [784 + 2 * 64, 2 * 64, 2 * 64, 2 * 10]  # pixels; sums and outputs of hidden layers; logits and log-softmax

    rows = zip(tables["layer_costs"][1:-1], matrices, others, kept, strict=True)
    for number, (row, matrix, more, activations) in enumerate(rows, start=1):
        outputs, inputs = matrix.shape
        name = "output" if number == len(matrices) else f"hidden {number}"
        sizes = [inputs, outputs, matrix.size + more, matrix.size, activations]
        assert row == [str(number), name, *(f"{size:,}" for size in sizes)]
    products = sum(matrix.size for matrix in matrices)
    parameters = products + sum(others)
    sums = [f"{total:,}" for total in (parameters, products, sum(kept))]
    assert tables["layer_costs"][-1] == ["all", "", "", "", *sums]
    memory = {row[0]: row[2] for row in tables["memory_parts"][1:]}
    expected = {
        "weights": 4 * parameters,
        "averaged weights": 4 * parameters,
        "gradients": 4 * parameters,
        "Adam's moments": 8 * parameters,
        "activations": 4 * 64 * sum(kept),
    }
    assert {name: memory[name] for name in expected} == {
        name: f"{size / 1e6:,.1f} MB" for name, size in expected.items()
    }


def test_digits_of_each_class(tables):
    train = sample_digits().train

    for digit, row in enumerate(tables["class_counts"][1:]):
        assert row == [str(digit), str((train.labels == digit).sum()), str((DIGITS.labels == digit).sum())]


def test_versions_are_those_of_the_run_and_parameters_those_that_hold(tables, project):
    [version] = project.versions("08_reporting/report.html")
    shown = dict(tables["versions"][1:])
    parameters = dict(tables["parameters"][1:])
    fingerprint = json.loads(project.path("02_intermediate/data_manifest.json").read_text())["fingerprint"]

    assert set(shown.values()) == {version}
    assert {"network", "predictions", "train_digits", "report", "growth_figure"} <= shown.keys()
    assert (parameters["training.epochs"], parameters["growth.max_neurons"], parameters["dataset"]) == (
        "4",
        "64",
        "sample",
    )
    assert ["fingerprint", fingerprint] in tables["data_manifest"]
    assert dict(tables["run"])["pipeline"] == "__default__"
    assert dict(tables["software"])["torch"] == torch.__version__
