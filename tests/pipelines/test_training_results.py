"""What a training cost and how it went, in memory."""

from dataclasses import replace

import pandas as pd
import pytest
from shipped import run, shipped_catalog

from mnist_growth.lineage import lineage_of, mark
from mnist_growth.pipelines.train import create_results_pipeline


@pytest.fixture(scope="module")
def history() -> pd.DataFrame:
    """Four epochs; the first layer grew before the third."""
    return pd.DataFrame(
        {
            "epoch": [1, 2, 3, 4],
            "widths": ["8-8", "8-8", "12-8", "12-8"],
            "parameters": [6466, 6466, 9642, 9642],
            "learning_rate": [2e-3, 2e-3, 1e-3, 0.0],
            "batch_size": [32] * 4,
            "micro_batch_size": [32, 32, 32, 16],
            "train_loss": [1.0, 0.8, 0.6, 0.5],
            "train_accuracy": [0.6, 0.7, 0.8, 0.9],
            "validation_loss": [0.9, 0.7, 0.6, 0.5],
            "validation_accuracy": [0.7, 0.8, 0.85, 0.9],
            "seconds": [1.0, 1.0, 2.0, 2.5],
            "images_per_second": [90.0, 90.0, 45.0, 36.0],
            "rss_bytes": [3 * 10**8] * 4,
            "peak_rss_bytes": [3 * 10**8, 4 * 10**8, 4 * 10**8, 5 * 10**8],
            "gpu_bytes": [0] * 4,
            "grew": [False, False, True, False],
            "multiply_adds": [10, 20, 40, 60],
            "budget_bytes": [9 * 10**9] * 4,
            "overhead_bytes": [2 * 10**8] * 4,
        }
    )


@pytest.fixture(scope="module")
def catalog(tmp_path_factory, trained, history):
    given = {
        "network": trained,
        "training_history": mark(history, lineage_of(trained)),
        "data_manifest": {"dataset": "sample", "requested": "mnist"},
    }
    folder = tmp_path_factory.mktemp("training")
    return run(create_results_pipeline(), shipped_catalog(folder, "train", given=given))


def test_costs_of_layers_and_parts_of_the_memory_follow_the_formulas(catalog):
    layers = catalog.load("layer_costs")
    assert layers["multiply_adds"].tolist() == [784 * 12, 12 * 8, 8 * 10]
    assert layers["parameters"].tolist() == [784 * 12 + 2 * 12, 12 * 8 + 2 * 8, 8 * 10 + 10]
    memory = catalog.load("memory_parts").set_index("part")["bytes"]
    assert memory["measured peak"] == 5 * 10**8
    assert memory["budget"] == 9 * 10**9
    assert memory["overhead"] == 2 * 10**8
    assert memory["sum of the formula"] == memory.drop(["sum of the formula", "measured peak", "budget"]).sum()


def test_the_training_is_summed_up(catalog):
    summary = catalog.load("training_summary")
    assert (summary["epochs"], summary["growths"], summary["seconds"]) == (4, 1, 6.5)
    assert (summary["best_validation_accuracy"], summary["best_epoch"]) == (0.9, 4)


def test_every_result_carries_the_network_and_every_figure_says_what_it_shows(catalog, trained):
    names = create_results_pipeline().all_outputs() - {"training_provenance"}
    figures = {name for name in names if name.endswith("_figure")}

    assert {lineage_of(catalog.load(name)) for name in names} == {lineage_of(trained)}
    assert len(figures) == 5
    for name in figures:
        assert catalog.load(name).layout.title.subtitle.text == (
            "dataset sample (fallback: mnist could not be downloaded) · network 12-8 after 4 epochs"
        )


def test_figures_of_another_training_are_not_drawn(tmp_path, trained, history):
    other = lineage_of(replace(trained, network=type(trained.network)((12, 8)).eval()))
    given = {
        "network": trained,
        "training_history": mark(history, other),
        "data_manifest": {"dataset": "sample", "requested": "sample"},
    }

    with pytest.raises(ValueError, match="The node measure_memory would mix results of several networks"):
        run(create_results_pipeline(), shipped_catalog(tmp_path, "train", given=given))
