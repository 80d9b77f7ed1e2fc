from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from kedro.io import DataCatalog
from shipped import run, shipped_catalog
from small_training import sample_parts, trained_on

import configured
from mnist_growth.digits import Digits, Split, measure_style
from mnist_growth.digits.interventions import INTERVENTIONS
from mnist_growth.inspection import gradient_norms
from mnist_growth.lineage import lineage_of
from mnist_growth.network import TrainedNetwork, predict_logits
from mnist_growth.pipelines.analyse import create_pipeline
from mnist_growth.pipelines.analyse.nodes import find_near_duplicates, measure_difficulty
from mnist_growth.training import split_fingerprint

CONF = Path(__file__).parents[2] / "conf" / "base"
SPLIT = Split(train=np.arange(0, 150), validation=np.arange(150, 180))


@pytest.fixture(scope="module")
def digits() -> tuple[Digits, Digits]:
    """180 training and 100 test digits; test digit 5 is also training digit 17."""
    train, test = sample_parts(training=180, test=100)
    images = test.images.copy()
    images[5] = train.images[17]
    return train, replace(test, images=images)


@pytest.fixture(scope="module")
def trained(digits) -> TrainedNetwork:
    """A network that knows a little."""
    return trained_on(digits[0], (24, 24), steps=30, split=split_fingerprint(SPLIT))


@pytest.fixture(scope="module")
def catalog(tmp_path_factory, digits, trained) -> DataCatalog:
    """The shipped catalog, its files in a temporary folder, after the pipeline has run."""
    folder = tmp_path_factory.mktemp("analyse")
    given = {
        "network": trained,
        "train_digits": digits[0],
        "test_digits": digits[1],
        "split": SPLIT,
        "data_manifest": {"dataset": "sample", "requested": "sample"},
        "params:analysis": configured.analysis(hardest_digits=10),
    }
    return run(create_pipeline(), shipped_catalog(folder, "analyse", "evaluate", given=given))


def test_the_style_of_every_test_digit_is_kept(catalog, digits):
    style = catalog.load("digit_style")

    expected = pd.DataFrame(vars(measure_style(digits[1].images)))
    pd.testing.assert_frame_equal(style.drop(columns=["index", "label"]), expected)
    assert style["label"].tolist() == digits[1].labels.tolist()


def test_error_rates_are_of_all_mistakes(catalog):
    predictions, effects = catalog.load("predictions"), catalog.load("style_effects")
    errors = (predictions["label"] != predictions["prediction"]).sum()

    assert errors > 0
    assert set(effects.groupby("measure")["errors"].sum()) == {errors}
    differences = catalog.load("style_differences")
    assert set(differences["errors"] + differences["other_errors"]) == {errors}


def test_curves_are_the_accuracies_on_changed_digits(catalog, digits, trained):
    curves = catalog.load("style_interventions")

    assert len(curves) == sum(len(intervention.steps) for intervention in INTERVENTIONS.values())
    for name, strength in (("slant", 20), ("thickness", 2), ("cut", 6), ("shift down", -4)):
        changed = INTERVENTIONS[name].change(digits[1].images, strength)
        right = predict_logits(trained.network, changed).argmax(axis=1) == digits[1].labels
        [row] = curves[(curves["intervention"] == name) & (curves["strength"] == strength)].itertuples()
        assert row.accuracy == right.mean()
    assert set(curves[curves["strength"] == 0]["difference"]) == {0}


def test_a_repeated_digit_is_the_nearest_duplicate(catalog, digits):
    duplicates = catalog.load("near_duplicates")

    assert (duplicates.loc[0, "index"], duplicates.loc[0, "train_index"]) == (5, 17)
    assert duplicates.loc[0, "relative_distance"] == 0
    nearest = catalog.load("nearest_training_digits")
    assert (nearest["train_label"].to_numpy() == digits[0].labels[nearest["train_index"]]).all()
    within = find_near_duplicates(nearest, configured.analysis(duplicate_distance=0.4))
    assert len(within) == (nearest["relative_distance"] <= 0.4).sum()


def test_every_digit_has_its_difficulty(catalog, digits, trained):
    difficulty = catalog.load("digit_difficulty")

    assert difficulty["part"].value_counts().to_dict() == {"training": 150, "validation": 30, "test": 100}
    norms = gradient_norms(trained.network, digits[0].images, digits[0].labels)
    own = difficulty[difficulty["part"] == "validation"]
    assert own["gradient_norm"].to_numpy() == pytest.approx(norms[own["index"]])
    hardest = catalog.load("hardest_digits")
    assert hardest["index"].tolist() == np.argsort(-norms)[:10].tolist()
    assert "test" not in set(hardest["part"])


def test_with_another_split_the_parts_are_not_told_apart(digits, trained, catalog):
    other = Split(train=np.arange(0, 100), validation=np.arange(100, 180))

    difficulty = measure_difficulty(trained, digits[0], other, digits[1], catalog.load("predictions"))

    assert difficulty["part"].value_counts().to_dict() == {"training and validation": 180, "test": 100}


def test_the_class_balance_is_that_of_the_labels(catalog, digits):
    balance = catalog.load("class_balance").set_index(["part", "digit"])

    for part, labels in (
        ("training", digits[0].labels[SPLIT.train]),
        ("validation", digits[0].labels[SPLIT.validation]),
        ("test", digits[1].labels),
    ):
        assert balance.loc[part, "examples"].tolist() == np.bincount(labels, minlength=10).tolist()
        assert balance.loc[part, "share"].sum() == pytest.approx(1)


def test_every_figure_says_where_it_comes_from(catalog):
    figures = {name for name in create_pipeline().all_outputs() if name.endswith("_figure")}

    assert len(figures) == 9
    for name in figures:
        assert catalog.load(name).layout.title.subtitle.text.startswith("dataset sample"), name
    hardest = catalog.load("hardest_digits_figure").layout.title.subtitle.text
    assert hardest == "dataset sample · 180 training and 100 test digits · network 24-24 after 30 epochs"


def test_results_of_the_network_carry_it_and_those_of_the_digits_alone_do_not(catalog, trained, digits):
    marks = {name: lineage_of(catalog.load(name)) for name in create_pipeline().all_outputs() - {"provenance"}}

    assert {lineage.fingerprint for lineage in marks.values()} == {digits[0].fingerprint}
    assert {name for name, lineage in marks.items() if lineage.network_sha256 == trained.sha256} == {
        "predictions",
        "style_effects",
        "style_differences",
        "style_interventions",
        "digit_difficulty",
        "hardest_digits",
        "suspected_labels",
        "style_effects_figure",
        "style_differences_figure",
        "style_interventions_figure",
        "hardest_digits_figure",
        "suspected_labels_figure",
    }
    assert {lineage.network_sha256 for lineage in marks.values()} == {trained.sha256, ""}


def test_a_network_of_another_set_is_refused(digits, trained):
    other = TrainedNetwork(trained.network, "mnist", "0" * 64, 30)

    with pytest.raises(ValueError, match="trained on 'mnist', but the test digits are from 'sample'"):
        measure_difficulty(other, digits[0], SPLIT, digits[1], pd.DataFrame())
