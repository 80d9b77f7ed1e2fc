import numpy as np
import pytest
import torch
from kedro.io import DataCatalog
from shipped import run, shipped_catalog

import configured
from mnist_growth.digits import Digits, sample_digits
from mnist_growth.inspection.explanation import (
    TRUSTED,
    area_under,
    complete_integrated_gradients,
    most_trusted,
    perturbation_curve,
    pixel_order,
    verdict,
)
from mnist_growth.lineage import lineage_of
from mnist_growth.network import GrowingMLP, TrainedNetwork
from mnist_growth.pipelines.explain import create_pipeline
from mnist_growth.pipelines.explain.inputs import average_digit, choose_digits

SMALL = {
    "shown_digits": 2,
    "quality_digits": 30,
    "curve_steps": 7,
    "randomisation_digits": 3,
    "attributions": {"integration_steps": 8, "noise_samples": 2, "occlusion_side": 7, "occlusion_stride": 7},
}


@pytest.fixture(scope="module")
def digits() -> tuple[Digits, Digits]:
    """Training and test digits of all classes."""
    sample = sample_digits()
    train = Digits(sample.train.images[:300], sample.train.labels[:300], "sample", sample.fingerprint)
    return train, Digits(sample.test.images[:100], sample.test.labels[:100], "sample", sample.fingerprint)


@pytest.fixture(scope="module")
def trained(digits) -> TrainedNetwork:
    """A network that knows a little."""
    network = GrowingMLP((24, 24), generator=torch.Generator().manual_seed(3))
    images, labels = torch.from_numpy(digits[0].images), torch.from_numpy(digits[0].labels)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
    for _ in range(30):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(network(images), labels).backward()
        optimizer.step()
    return TrainedNetwork(network.eval(), "sample", digits[0].fingerprint, 30)


@pytest.fixture(scope="module")
def catalog(tmp_path_factory, digits, trained) -> DataCatalog:
    """The shipped catalog, its files in a temporary folder, after the pipeline has run."""
    given = {
        "network": trained,
        "train_digits": digits[0],
        "test_digits": digits[1],
        "data_manifest": {"dataset": "sample", "requested": "sample"},
        "params:explanation": configured.explanation(**SMALL),
    }
    folder = tmp_path_factory.mktemp("explain")
    return run(create_pipeline(), shipped_catalog(folder, "explain", "evaluate", given=given))


def test_curves_are_those_of_the_attributions_of_the_predicted_class(catalog, digits, trained):
    chosen = catalog.load("predictions").iloc[np.linspace(0, 99, 30).round().astype(int)]
    images = torch.from_numpy(digits[1].images[chosen["index"]]).float()
    classes = torch.from_numpy(np.array(chosen["prediction"]))
    maps = complete_integrated_gradients(
        trained.network, images, classes, baseline=torch.zeros(28, 28), steps=8, max_error=5e-4
    )
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


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"attributions": {"methods": ["saliency", "saliency"]}}, "names a method twice"),
        (
            {"attributions": {"occlusion_stride": 5}},
            "'explanation.attributions.occlusion_stride' is 5; expected",
        ),
        ({"attributions": {"methods": ["lime"]}}, "'saliency'.*'activation_map'"),
    ],
)
def test_contradicting_parameters_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        configured.explanation(**changes)


def test_every_result_carries_the_network_and_every_figure_its_source(catalog, trained):
    for name in create_pipeline().all_outputs() - {"provenance", "average_digit", "explained_digits"}:
        assert lineage_of(catalog.load(name)).network_sha256 == trained.sha256, name
        if name.endswith("_figure"):
            assert catalog.load(name).layout.title.subtitle.text.startswith("dataset sample"), name
