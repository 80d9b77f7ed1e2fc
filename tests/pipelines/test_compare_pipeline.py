import numpy as np
import pytest
import torch
from kedro.io import DataCatalog
from shipped import run, shipped_catalog

import configured
from html_page import Page
from mnist_growth.digits import Digits
from mnist_growth.lineage import lineage_of
from mnist_growth.network import GrowingMLP, TrainedNetwork, predict_logits
from mnist_growth.pipelines.compare import create_pipeline
from mnist_growth.report import RunFacts

FINGERPRINT = "f" * 64


@pytest.fixture(scope="module")
def digits() -> Digits:
    images = np.random.default_rng(1).integers(0, 256, (120, 28, 28), dtype=np.uint8)
    return Digits(images, np.arange(120) % 10, dataset="sample", fingerprint=FINGERPRINT)


def trained(seed, fingerprint=FINGERPRINT, dataset="sample"):
    network = GrowingMLP((12, 8), generator=torch.Generator().manual_seed(seed)).eval()
    return TrainedNetwork(network, dataset, fingerprint, epochs=4, version=f"version {seed}")


def compare(folder, network, baseline, digits) -> DataCatalog:
    """Run the pipeline on the shipped catalog, with its files below ``folder``."""
    given = {
        "network": network,
        "baseline_network": baseline,
        "test_digits": digits,
        "params:evaluation": configured.evaluation(),
        "parameters": {"evaluation": configured.evaluation()},
        "run_facts": RunFacts(run={"commit": "0123abc"}, machine={}, software={}, versions={}),
    }
    return run(create_pipeline(), shipped_catalog(folder, "compare", given=given))


def test_all_outputs_belong_together(tmp_path, digits):
    catalog = compare(tmp_path, trained(1), trained(2), digits)

    comparison = catalog.load("comparison")
    for name, seed in (("accuracy", 1), ("baseline_accuracy", 2)):
        predicted = predict_logits(trained(seed).network, digits.images).argmax(axis=1)
        assert comparison[name] == (predicted == digits.labels).mean()
    assert comparison["network"] == "12-8 after 4 epochs, version version 1"
    assert comparison["baseline_network"] == "12-8 after 4 epochs, version version 2"
    assert comparison["baseline_network_sha256"] == trained(2).sha256
    for name in create_pipeline().all_outputs() - {"compared_predictions", "baseline_predictions", "comparison_page"}:
        assert lineage_of(catalog.load(name)).network_sha256 == trained(1).sha256, name
    assert len(catalog.load("disagreements")) == round(120 * (1 - comparison["agreement"]))
    assert catalog.load("comparison_by_class").loc[0, "difference"] == comparison["difference"]
    for name in ("comparison_figure", "disagreements_figure"):
        subtitle = catalog.load(name).layout.title.subtitle.text
        assert subtitle.startswith("dataset sample · 120 test digits<br>network 12-8")
        assert "baseline 12-8 after 4 epochs, version version 2" in subtitle


def test_the_page_names_both_networks_and_has_the_difference_and_the_figures(tmp_path, digits):
    catalog = compare(tmp_path, trained(1), trained(2), digits)

    shown = Page(catalog.load("comparison_page"))
    difference = 100 * catalog.load("comparison")["difference"]
    assert "12-8 after 4 epochs, version version 2" in shown.paragraphs[1]
    assert ["baseline", "12-8 after 4 epochs, version version 2"] in shown.tables["comparison"]
    [row] = [row for row in shown.tables["comparison"] if row[0].startswith("difference")]
    assert row[1].startswith(f"{difference:+.2f} (")
    assert len(shown.tables["comparison_by_class"]) == 12
    assert shown.figures == ["comparison_figure", "disagreements_figure"]
    assert ["commit", "0123abc"] in shown.tables["run"]


@pytest.mark.parametrize(("position", "name"), [(0, "network"), (1, "baseline network")])
def test_a_network_of_another_set_is_refused_by_name(tmp_path, digits, position, name):
    networks = [trained(1), trained(2)]
    networks[position] = trained(3, "0" * 64, "mnist")

    with pytest.raises(ValueError, match=f"^The {name} was trained on 'mnist', .*from 'sample'") as refused:
        compare(tmp_path, *networks, digits)

    assert f"--load-versions {name.replace(' ', '_')}:<version>" in str(refused.value)
