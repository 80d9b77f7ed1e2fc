import numpy as np
import pandas as pd
import pytest
import torch
from kedro.io import DataCatalog
from shipped import run, shipped_catalog
from small_training import sample_parts, trained_on

import configured
from mnist_growth.digits import Digits
from mnist_growth.evaluation import spread_sample
from mnist_growth.inspection.explanation import (
    TRUSTED,
    area_under,
    complete_integrated_gradients,
    completeness_errors,
    most_trusted,
    perturbation_curve,
    pixel_order,
    selectivity,
    unit_activations,
    verdict,
)
from mnist_growth.lineage import lineage_of
from mnist_growth.network import TrainedNetwork
from mnist_growth.pipelines.explain import create_pipeline
from mnist_growth.pipelines.explain.boundary import choose_examples, follow_paths
from mnist_growth.pipelines.explain.inputs import average_digit, choose_digits
from mnist_growth.pipelines.explain.units import measure_explained_units

SMALL = {
    "shown_digits": 2,
    "quality_digits": 30,
    "curve_steps": 7,
    "randomisation_digits": 3,
    "unit_digits": 60,
    "shown_units": 3,
    "maximisation_steps": 3,
    "conductance_digits": 10,
    "conductance_steps": 16,
    "margin_digits": 12,
    "plane_side": 5,
    "path_steps": 9,
    "attributions": {"integration_steps": 8, "noise_samples": 2, "occlusion_side": 7, "occlusion_stride": 7},
}
IN_MEMORY = {"provenance", "average_digit", "explained_digits", "path_images", "attribution_metrics"}
EVENTS = pd.DataFrame({"epoch": [3], "layer": [1], "width_before": [16], "width_after": [24]})


@pytest.fixture(scope="module")
def digits() -> tuple[Digits, Digits]:
    """Training and test digits of all classes."""
    return sample_parts(training=300, test=100)


@pytest.fixture(scope="module")
def trained(digits) -> TrainedNetwork:
    """A network that knows a little."""
    return trained_on(digits[0], (24, 24), steps=30)


@pytest.fixture(scope="module")
def catalog(tmp_path_factory, digits, trained) -> DataCatalog:
    """The shipped catalog, its files in a temporary folder, after the pipeline has run."""
    given = {
        "network": trained,
        "train_digits": digits[0],
        "test_digits": digits[1],
        "growth_events": EVENTS,
        "data_manifest": {"dataset": "sample", "requested": "sample"},
        "params:explanation": configured.explanation(**SMALL),
    }
    folder = tmp_path_factory.mktemp("explain")
    return run(create_pipeline(), shipped_catalog(folder, "explain", "evaluate", given=given))


def test_curves_are_those_of_the_attributions_of_the_predicted_class(catalog, digits, trained):
    chosen = spread_sample(choose_digits(catalog.load("predictions"), configured.explanation(**SMALL)), 30)
    images = torch.from_numpy(digits[1].images[chosen["index"]]).float()
    classes = torch.from_numpy(np.array(chosen["prediction"]))
    maps = complete_integrated_gradients(
        trained.network, images, classes, baseline=torch.zeros(28, 28), steps=8, max_error=5e-4
    )
    errors = completeness_errors(trained.network, images, classes, torch.zeros(28, 28), maps)
    measured_error = catalog.load("explanation_metrics")["completeness_error"]["integrated_gradients"]
    assert measured_error == pytest.approx(float(errors.max()), rel=0.1)
    parts = zip(maps.split(25), range(2), strict=True)
    order = torch.cat([pixel_order(some, torch.Generator().manual_seed(number)) for some, number in parts])
    curves = perturbation_curve(trained.network, images, classes, order, steps=7, insertion=False)
    measured = catalog.load("attribution_curves").query("method == 'integrated_gradients' and curve == 'deletion'")
    quality = catalog.load("attribution_quality").set_index("method")
    assert measured["probability"].to_numpy() == pytest.approx(curves.mean(0).numpy())
    assert measured["probability"].iloc[0] == pytest.approx(chosen["confidence"].mean())
    assert quality.loc["integrated_gradients", "deletion_auc"] == pytest.approx(float(area_under(curves).mean()))


def test_metrics_are_those_of_the_tables(catalog):
    metrics, quality = catalog.load("explanation_metrics"), catalog.load("attribution_quality").set_index("method")
    for name in ("deletion_auc", "insertion_auc", "randomisation_correlation"):
        assert metrics[name] == pytest.approx(quality[name].dropna().to_dict())
    random = catalog.load("attribution_randomisation").query("kind == 'cascading' and layer == 'hidden.0'")
    assert metrics["randomisation_correlation"] == pytest.approx(random.set_index("method")["correlation"].to_dict())
    assert set(metrics["completeness_error"]) == {"integrated_gradients", "integrated_gradients_mean"}
    assert max(metrics["completeness_error"].values()) < 1e-3


def test_gains_are_over_the_random_order(catalog):
    quality = catalog.load("attribution_quality").set_index("method")
    random = quality.loc["random_order"]
    for column, sign in (("deletion", -1), ("insertion", 1)):
        gains = sign * (quality[f"{column}_auc"] - random[f"{column}_auc"])
        assert quality[f"{column}_gain"].drop("random_order").tolist() == pytest.approx(
            gains.drop("random_order").tolist()
        )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((0.1, 0.1, 0.2), TRUSTED),
        ((0.1, 0.1, 0.8), "faithful, but changes little with random weights"),
        ((-0.1, 0.1, 0.2), "no better than a random order"),
        ((0.1, -0.1, 0.2), "no better than a random order"),
        ((-0.1, 0.1, 0.8), "no better than a random order, and changes little with random weights"),
    ],
)
def test_a_verdict_needs_both_curves_and_the_random_weights(given, expected):
    assert verdict(*given, limit=0.5) == expected


def test_the_most_trusted_method_is_the_trusted_one_with_the_largest_area_between_the_curves(catalog):
    quality = catalog.load("attribution_quality").assign(verdict=None)
    assert most_trusted(quality) is None
    quality.loc[quality["method"].isin(["saliency", "occlusion"]), "verdict"] = TRUSTED
    quality.loc[quality["method"] == "occlusion", ["deletion_auc", "insertion_auc"]] = [0.2, 0.9]
    quality.loc[quality["method"] == "saliency", ["deletion_auc", "insertion_auc"]] = [0.1, 0.7]
    assert most_trusted(quality) == "occlusion"


def test_the_average_digit_is_that_of_the_training_digits(digits, trained):
    assert average_digit(digits[0], trained) == pytest.approx(digits[0].images.mean(axis=0))
    other = TrainedNetwork(trained.network, "mnist", "0" * 64, 30)
    with pytest.raises(ValueError, match="trained on 'mnist'"):
        average_digit(digits[0], other)


def test_too_few_digits_and_an_untrained_network_are_refused(catalog, trained):
    predictions = catalog.load("predictions")
    with pytest.raises(ValueError, match="'explanation.quality_digits' asks for 101 test digits, but there are 100"):
        choose_digits(predictions, configured.explanation(**{**SMALL, "quality_digits": 101}))
    with pytest.raises(ValueError, match="no more than a constant answer"):
        choose_digits(predictions.assign(prediction=0), configured.explanation(**SMALL))


def test_units_of_each_growth_contribute_what_their_units_do(catalog):
    units, growths = catalog.load("unit_preferences"), catalog.load("cohort_conductance")
    assert growths[["layer", "born_epoch", "units"]].to_numpy().tolist() == [[1, 1, 16], [1, 3, 8], [2, 1, 24]]
    sums = units.groupby(["layer", "born_epoch"])["conductance"].sum()
    assert growths["conductance"].tolist() == pytest.approx(sums.tolist())
    assert growths.groupby("layer")["share"].sum().tolist() == pytest.approx([1, 1], abs=0.05)
    assert (growths["share_per_unit"] * growths["units"]).tolist() == pytest.approx(growths["share"].tolist())
    assert (growths["conductance_low"] < growths["conductance"]).all()


def test_metrics_sum_up_units_layers_and_margins(catalog):
    metrics, margins = catalog.load("explanation_metrics"), catalog.load("digit_margins")
    correct = margins[margins["label"] == margins["prediction"]]
    assert 0 < len(correct) < len(margins)
    assert (metrics["median_margin"], metrics["margin_digits"]) == (correct["margin"].median(), len(correct))
    shares = catalog.load("cohort_conductance")["conductance"]
    assert metrics["start_share"] == pytest.approx({"hidden 1": shares[0] / (shares[0] + shares[1]), "hidden 2": 1})
    medians = catalog.load("unit_preferences").groupby("layer")["selectivity"].median()
    assert metrics["median_selectivity"] == {"hidden 1": medians[1], "hidden 2": medians[2]}
    assert metrics["between_classes"].keys() == {"pixels", "hidden 1", "hidden 2", "logits"}


def test_selectivity_is_that_of_the_activations(catalog, digits, trained):
    chosen = choose_digits(catalog.load("predictions"), configured.explanation(**SMALL))
    images = torch.from_numpy(digits[1].images[chosen["index"]]).float()
    expected = selectivity(unit_activations(trained.network, images)[1].numpy(), chosen["label"].to_numpy())
    found = catalog.load("unit_preferences").query("layer == 2")
    assert found["preferred"].tolist() == expected.preferred.tolist()
    assert found["selectivity"].to_numpy() == pytest.approx(expected.index, nan_ok=True)


def test_later_layers_separate_the_classes_more(catalog):
    geometry = catalog.load("layer_geometry").set_index("layer")
    assert geometry["dimensions"].to_dict() == {"pixels": 784, "hidden 1": 24, "hidden 2": 24, "logits": 10}
    assert geometry.loc["logits", "between_classes"] > geometry.loc["pixels", "between_classes"]
    embedding = catalog.load("layer_embedding")
    assert embedding.groupby("layer")["x"].mean().to_numpy() == pytest.approx(np.zeros(4), abs=1e-3)


def test_planes_have_the_answers_of_the_network_where_the_digits_are(catalog, digits, trained):
    grid, points = catalog.load("decision_planes"), catalog.load("plane_digits")
    assert grid.groupby("plane").size().to_dict() == {"three digits": 25, "largest variance": 25}
    three = points[points["plane"] == "three digits"]
    assert len(three) == three["label"].nunique() == 3
    assert three[["x", "y"]].iloc[0].tolist() == pytest.approx([0, 0], abs=1e-5)
    pixels = digits[1].images[three["index"]].reshape(3, -1) / 255
    assert three["x"].iloc[1] == pytest.approx(np.linalg.norm(pixels[1] - pixels[0]), rel=1e-4)
    for low, high in ((grid["x"].min(), points["x"].min()), (points["x"].max(), grid["x"].max())):
        assert low < high


def test_paths_begin_at_one_digit_and_end_beyond_the_boundary(catalog, digits, trained):
    config = configured.explanation(**SMALL)
    paths = catalog.load("boundary_paths")
    _, images = follow_paths(trained, digits[1], choose_digits(catalog.load("predictions"), config), config)
    straight, shortest = (rows for _, rows in paths.groupby("path", sort=False))
    assert len(straight) == len(shortest) == 10
    assert (images[0] == digits[1].images[straight["from_index"].iloc[0]]).all()
    assert (images[9] == digits[1].images[straight["to_index"].iloc[0]]).all()
    assert shortest["prediction"].iloc[[0, -1]].tolist() == straight[["from_class", "to_class"]].iloc[0].tolist()
    assert shortest["distance"].iloc[-1] < straight["distance"].iloc[-1]


def test_a_plane_through_digits_of_two_classes_takes_a_second_digit_of_the_first():
    table = pd.DataFrame({"index": range(6), "label": [0, 0, 0, 1, 1, 1], "prediction": [1, 0, 0, 1, 1, 1]})
    table = table.assign(probability_0=[0.4, 0.9, 0.8, 0.1, 0.2, 0.1], probability_1=[0.6, 0.1, 0.2, 0.9, 0.8, 0.9])
    assert choose_examples(table)["index"].tolist() == [1, 3, 2]


@pytest.mark.parametrize(
    ("predictions", "chosen"),
    [
        ([0, 0, 0, 0, 2, 2], [0, 1, 4]),  # no digit of class 1 is right: it is left out
        ([0, 1, 0, 0, 2, 2], [0, 4, 5]),  # one of class 0 and two of class 2 remain
        ([1, 1, 1, 0, 0, 0], [0, 2, 4]),  # none is right: all count
    ],
)
def test_examples_are_found_however_few_digits_are_right(predictions, chosen):
    table = pd.DataFrame({"index": range(6), "label": [0, 0, 1, 1, 2, 2], "prediction": predictions})
    table = table.assign(**{f"probability_{number}": [0.5, 0.3, 0.2, 0.1, 0.3, 0.3] for number in range(3)})
    assert sorted(choose_examples(table)["index"]) == chosen


def test_margins_are_shorter_for_less_certain_digits(catalog):
    margins = catalog.load("digit_margins")
    assert len(margins) == 12
    assert np.isfinite(margins["margin"]).all()
    assert (margins["nearest_class"] != margins["prediction"]).all()
    assert margins["margin"].corr(margins["confidence"], method="spearman") > 0.5


def test_growth_events_of_another_network_are_refused(catalog, digits, trained):
    chosen, config = catalog.load("predictions"), configured.explanation(**SMALL)
    with pytest.raises(ValueError, match="end with 30 units in hidden layer 1"):
        measure_explained_units(trained, EVENTS.assign(width_after=30), digits[1], chosen, config)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"attributions": {"methods": ["saliency", "saliency"]}}, "names a method twice"),
        (
            {"attributions": {"occlusion_stride": 5}},
            "'explanation.attributions.occlusion_stride' is 5; expected",
        ),
        ({"attributions": {"methods": []}}, "names no method"),
        ({"attributions": {"methods": ["lime"]}}, "'saliency'.*'activation_map'"),
    ],
)
def test_contradicting_parameters_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        configured.explanation(**changes)


def test_every_result_carries_the_network_and_every_figure_its_source(catalog, trained):
    for name in create_pipeline().all_outputs() - IN_MEMORY:
        assert lineage_of(catalog.load(name)).network_sha256 == trained.sha256, name
        if name.endswith("_figure"):
            assert catalog.load(name).layout.title.subtitle.text.startswith("dataset sample"), name
