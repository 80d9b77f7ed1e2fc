import logging
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from kedro.io import DataCatalog
from shipped import run, shipped_catalog

import configured
from mnist_growth.digits import pixel_statistics, sample_digits, stratified_split
from mnist_growth.lineage import lineage_of
from mnist_growth.network import TrainedNetwork, build
from mnist_growth.pipelines.landscape import create_pipeline
from mnist_growth.pipelines.landscape.inputs import choose_digits, find_other_network, find_snapshots
from mnist_growth.training import (
    CheckpointStore,
    Machine,
    TerminalMonitor,
    define_training,
    growth_table,
    start_training,
)

DIGITS = sample_digits()
SMALL = {
    "digits": 60,
    "hessian": {
        "digits": 40,
        "tolerance": 0.05,
        "trace_probes": 4,
        "density_probes": 2,
        "density_steps": 8,
        "block_steps": 3,
        "sharpness_steps": 3,
        "noise_digits": 50,
        "noise_batches": 4,
    },
    "growth": {"digits": 30, "steps": 4, "trace_probes": 3},
    "surface": {"points": 5},
    "interpolation": {"points": 5, "curve_steps": 3, "batch_size": 16},
}


class Networks:
    """Stands in for the results of a project: its networks, the newest first."""

    def __init__(self, *networks):
        self._networks = networks

    def networks(self):
        return iter(self._networks)

    def network(self, version):
        return next(each for each in self._networks if each.version == version)


def train(folder, **training):
    """A network of 12-12 units that grows to 18-18, with its snapshots."""
    split = stratified_split(DIGITS.train.labels, configured.split())
    setup = define_training(
        DIGITS.train,
        split,
        network=configured.network(hidden_layers=2),
        growth=configured.growth(initial_neurons=12, growth_rate=6, growth_epochs=1, max_neurons=18),
        training=configured.training(epochs=2, batch_size=100, learning_rate=0.01, precision="float32", **training),
        warps=configured.warps(enabled=False),
    )
    pixels = pixel_statistics(DIGITS.train.images, split.train)
    started = start_training(setup, DIGITS.train, split, pixels, Machine("cpu", 1, 1.0))
    store = CheckpointStore(folder / "v1")
    store.keep_snapshots(2)
    started.run(store, TerminalMonitor())
    return SimpleNamespace(
        trained=replace(started.trained(), version="v1"),
        events=growth_table(started.state.events, [group.label for group in started.state.network.unit_groups()]),
        store=store,
        split=split,
    )


@pytest.fixture(scope="module")
def training(tmp_path_factory):
    return train(tmp_path_factory.mktemp("training"))


@pytest.fixture(scope="module")
def other(tmp_path_factory) -> TrainedNetwork:
    return replace(train(tmp_path_factory.mktemp("other"), seed=1).trained, version="other")


def landscape_of(folder, training, results, *, checkpoints=None) -> DataCatalog:
    given = {
        "network": training.trained,
        "train_digits": DIGITS.train,
        "test_digits": DIGITS.test,
        "split": training.split,
        "growth_events": training.events,
        "checkpoints": checkpoints or training.store,
        "results": results,
        "data_manifest": {"dataset": "sample", "requested": "sample"},
        "params:landscape": configured.landscape(**SMALL),
    }
    return run(create_pipeline(), shipped_catalog(folder, "landscape", "evaluate", given=given))


@pytest.fixture(scope="module")
def catalog(tmp_path_factory, training, other) -> DataCatalog:
    """The shipped catalog after the pipeline has run."""
    return landscape_of(tmp_path_factory.mktemp("landscape"), training, Networks(training.trained, other))


def test_the_metrics_have_the_names_that_are_promised(catalog, training):
    metrics = catalog.load("landscape_metrics")

    promised = {"hessian_largest", "hessian_smallest", "condition_number", "hessian_trace", "sharpness"}
    assert promised <= metrics.keys()
    assert metrics["hessian_largest"] > 0 > metrics["hessian_smallest"]
    assert metrics["condition_number"] == metrics["hessian_largest"] / metrics["hessian_smallest"]
    assert metrics["condition_number_of_moduli"] == -metrics["condition_number"]
    assert metrics["hessian_trace_low"] < metrics["hessian_trace"] < metrics["hessian_trace_high"]
    assert metrics["sharpness"] > 0
    assert 0 <= metrics["negative_curvature_share"] <= 1
    assert metrics["barrier"].keys() == {"straight", "matched", "curve"}
    assert metrics["other_network"] == "other"
    assert metrics["network_sha256"] == training.trained.sha256


def test_the_surface_has_both_planes_with_the_network_in_the_centre_of_one(catalog):
    surface, metrics = catalog.load("loss_surface"), catalog.load("landscape_metrics")

    assert surface["plane"].value_counts().to_dict() == {"random": 25, "trajectory": 25}
    [centre] = surface[(surface["plane"] == "random") & (surface["x"] == 0) & (surface["y"] == 0)]["loss"]
    assert centre == pytest.approx(metrics["loss_with_batch_statistics"])


def test_the_trajectory_passes_through_the_growth_and_ends_at_the_network(catalog, training):
    table = catalog.load("trajectory")

    assert table["event"].tolist() == ["start", "before growth", "after growth", "end"]
    assert table["widths"].tolist() == ["12-12", "12-12", "18-18", "18-18"]
    end = table.iloc[-1]
    assert (end["x"], end["y"], end["distance"]) == (0, 0, 0)
    assert end["loss"] == pytest.approx(catalog.load("landscape_metrics")["loss"])
    growths = catalog.load("growth_curvature")
    assert growths["moment"].tolist() == ["before", "after"]
    assert growths["loss"][0] == pytest.approx(growths["loss"][1], rel=1e-4)


def test_the_blocks_are_the_layers_the_cohorts_and_the_output(catalog, training):
    blocks, metrics = catalog.load("hessian_blocks"), catalog.load("landscape_metrics")

    births = [None if np.isnan(born) else int(born) for born in blocks["born_epoch"]]
    rows = [list(pair) for pair in zip(blocks["layer"], births, strict=True)]
    assert rows == [[0, None], [1, 1], [1, 2], [1, None], [2, 1], [2, 2], [2, None]]
    parts = blocks[blocks["born_epoch"].notna() | (blocks["layer"] == 0)]
    assert parts["trace"].sum() == pytest.approx(metrics["hessian_trace"])
    assert parts["parameters"].sum() == training.trained.network.parameter_count
    assert (blocks["largest_eigenvalue"] <= metrics["hessian_largest"] * 1.06).all()


def test_every_figure_says_where_it_comes_from(catalog):
    figures = {name for name in create_pipeline().all_outputs() if name.endswith("_figure")}

    assert len(figures) == 8
    for name in figures:
        subtitle = catalog.load(name).layout.title.subtitle.text
        assert subtitle.startswith("dataset sample · 500 test digits · network 18-18 after 2 epochs · loss of "), name


def test_results_carry_the_network_even_if_they_were_computed_from_snapshots(catalog, training):
    saved = {
        "landscape_metrics", "hessian_density", "hessian_blocks", "growth_curvature", "loss_surface", "trajectory",
        "loss_paths", "trajectory_figure",
    }  # fmt: skip
    assert {lineage_of(catalog.load(name)).network_sha256 for name in saved} == {training.trained.sha256}


def test_without_snapshots_everything_else_is_made_and_the_results_say_why(tmp_path, training, caplog):
    with caplog.at_level(logging.WARNING):
        found = landscape_of(
            tmp_path, training, Networks(training.trained), checkpoints=CheckpointStore(tmp_path / "none")
        )

    reason = found.load("landscape_metrics")["trajectory_missing"]
    assert "has no snapshots" in reason
    assert "checkpoints.keep=10" in reason
    assert reason in caplog.text
    assert found.load("trajectory").empty
    assert found.load("growth_curvature").empty
    assert found.load("loss_paths").empty
    assert set(found.load("loss_surface")["plane"]) == {"random"}
    assert "no snapshots" in found.load("trajectory_figure").layout.annotations[0].text.replace("<br>", " ")
    assert "training.seed=1" in found.load("landscape_metrics")["interpolation_missing"]
    assert found.load("landscape_metrics")["hessian_largest"] > 0


def test_a_damaged_snapshot_is_no_reason_to_stop(tmp_path, training):
    path = tmp_path / "v1" / "snapshots" / "epoch-00000.safetensors"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"nothing")

    found = find_snapshots(training.trained, CheckpointStore(tmp_path / "v1"))

    assert found.moments() == []
    assert "cannot be read" in found.reason
    assert "epoch-00000.safetensors" in found.reason


def test_snapshots_that_end_earlier_are_continued_by_the_network(training):
    longer = replace(training.trained, epochs=5)
    twin = build(longer.network.spec, longer.network.pixels).eval()
    longer = replace(longer, network=twin)

    moments = find_snapshots(longer, training.store).moments()

    assert [moment.epoch for moment in moments] == [0, 1, 1, 2, 5]
    assert moments[-1].network is twin


def test_the_other_network_is_the_newest_of_the_same_shape_and_digits(training, other):
    config, trained = configured.landscape(), training.trained
    wider = replace(trained, network=build(trained.network.spec.with_widths((19, 18)), trained.network.pixels))
    foreign = replace(other, fingerprint="f" * 64)

    found = find_other_network(trained, Networks(trained, wider, foreign, other), config)

    assert found.trained is other
    assert find_other_network(trained, Networks(trained, wider), config).trained is None


def test_a_named_network_of_another_shape_is_refused(training, other):
    wider = replace(other, network=build(other.network.spec.with_widths((19, 18)), other.network.pixels), version="w")
    config = configured.landscape(interpolation={"network": "w"})

    with pytest.raises(ValueError, match=r"interpolation\.network' names a network \[19, 18\] of sample, but the"):
        find_other_network(training.trained, Networks(other, wider), config)
    named = configured.landscape(interpolation={"network": "other"})
    assert find_other_network(training.trained, Networks(wider, other), named).trained is other


def test_too_many_digits_are_refused_with_the_name_of_the_parameter(catalog):
    predictions = catalog.load("predictions")

    with pytest.raises(ValueError, match=r"'landscape\.growth\.digits' asks for 501 test digits, but there are 500"):
        choose_digits(DIGITS.test, predictions, configured.landscape(**{**SMALL, "growth": {"digits": 501}}))
