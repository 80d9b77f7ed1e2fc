"""The pipeline compress on digits whose class is easy to learn."""

import json
from dataclasses import replace

import pytest
from shipped import run, shipped_catalog
from small_training import sample_parts, trained_on

import configured
from mnist_growth.compression import CandidateStore, candidate_key
from mnist_growth.digits import stratified_split
from mnist_growth.lineage import lineage_of
from mnist_growth.machine import MemoryConfig
from mnist_growth.network import load_network, predict_logits
from mnist_growth.pipelines.compress import create_pipeline, nodes
from mnist_growth.training import split_fingerprint

TRAIN, TEST = sample_parts(400, 100)
SPLIT = stratified_split(TRAIN.labels, configured.split(validation_fraction=0.25))
VARIANTS = [
    {"name": "int8", "weight_bits": 8, "activation_bits": 8},
    {"name": "int4_calibrated", "weight_bits": 4, "epochs": 0},
    {"name": "sparse_int2", "sparsity": 0.5, "weight_bits": 2},
]
MANIFEST = {"dataset": "sample", "requested": "sample"}


@pytest.fixture(scope="module")
def source():
    return trained_on(TRAIN, (16, 12), 15, split=split_fingerprint(SPLIT))


def config(**changes):
    small = {"epochs": 1, "latency_calls": 1, "calibration_digits": 50, "pruning": {"epochs": 1}}
    return configured.compress(**{"max_accuracy_loss": 0.5, "variants": VARIANTS, **small, **changes})


def catalog(folder, source, **changes):
    given = {
        "network": source,
        "train_digits": TRAIN,
        "test_digits": TEST,
        "split": SPLIT,
        "data_manifest": MANIFEST,
        "params:compress": config(**changes),
        "params:network": configured.network(),
        "params:growth": configured.growth(),
        "params:training": configured.training(batch_size=50, precision="float32"),
        "params:warps": configured.warps(enabled=False),
        "params:drift": configured.drift(),
        "params:novelty": configured.novelty(digits=200, epochs=1),
        "params:device": "cpu",
        "params:threads": 1,
        "params:memory": MemoryConfig(budget_fraction=1.0),
    }
    return shipped_catalog(folder, "compress", given=given)


@pytest.fixture(scope="module")
def compressed(tmp_path_factory, source):
    folder = tmp_path_factory.mktemp("compress")
    return folder, run(create_pipeline(), catalog(folder, source))


def test_the_table_has_a_row_for_the_network_and_each_candidate(compressed, source):
    table = compressed[1].load("compression").set_index("name")

    assert table.index.tolist() == ["source", "int8", "int4_calibrated", "sparse_int2"]
    assert table["weight_bits"].tolist() == [32, 8, 4, 2]
    assert table["bytes"].is_monotonic_decreasing
    assert table.loc["source", "parameters"] == source.network.parameter_count
    assert table.loc["source", "multiply_adds"] == source.network.spec.forward_multiply_adds
    assert table.loc["sparse_int2", "multiply_adds"] < 0.55 * table.loc["source", "multiply_adds"]
    assert table.loc["sparse_int2", "sparsity"] >= 0.49
    accuracy = (predict_logits(source.network, TEST.images).argmax(axis=1) == TEST.labels).mean()
    assert table.loc["source", "accuracy"] == accuracy
    assert (table["latency_milliseconds"] > 0).all()
    assert table.loc["int8", "backend"] in ("torch", "int8")


def test_the_chosen_network_is_saved_with_its_source_and_what_it_is_used_with(compressed, source):
    folder, results = compressed
    chosen, table = results.load("compressed_network"), results.load("compression").set_index("name")
    images, labels = TRAIN.images[SPLIT.validation], TRAIN.labels[SPLIT.validation]

    accuracy = (predict_logits(chosen.network, images).argmax(axis=1) == labels).mean()
    path = next((folder / "data/06_models/network.safetensors").glob("*/network.safetensors"))
    assert load_network(path).sha256 == chosen.sha256
    assert chosen.source == source.sha256
    assert table.loc["sparse_int2", ["bytes", "validation_accuracy"]].tolist() == [path.stat().st_size, accuracy]
    assert len(results.load("compressed_growth_events")) == 0
    for name in ("compressed_growth_events", "compressed_drift_reference", "compressed_novelty_detector"):
        assert lineage_of(results.load(name)).network_sha256 == chosen.sha256
    metrics = results.load("compression_metrics")
    assert metrics["compressed_sha256"] == chosen.sha256
    assert metrics["network_sha256"] == source.sha256
    assert json.dumps(metrics["networks"]["int8"]["bytes"]) == str(table.loc["int8", "bytes"])


def test_figures_show_every_network(compressed):
    for cost, column in (("size", "bytes"), ("latency", "latency_milliseconds"), ("operations", "multiply_adds")):
        figure, table = compressed[1].load(f"compression_{cost}_figure"), compressed[1].load("compression")
        shown = [x for trace in figure.data if trace.mode == "markers+text" for x in trace.x]
        assert sorted(shown) == sorted(table[column])


def test_an_interrupted_compression_makes_only_what_is_missing_and_gives_the_same_bytes(
    compressed, source, tmp_path, monkeypatch
):
    folder, results = compressed
    given = [results.load(f"params:{name}") for name in ("compress", "network", "growth", "training", "warps")]
    others = ["cpu", 1, MemoryConfig(budget_fraction=1.0), CandidateStore(tmp_path)]
    made, make = [], nodes.compression.make_candidate

    def dies_after_two(recipe, *arguments):
        if len(made) == 2:
            raise KeyboardInterrupt
        made.append(recipe.name)
        return make(recipe, *arguments)

    monkeypatch.setattr(nodes.compression, "make_candidate", dies_after_two)
    with pytest.raises(KeyboardInterrupt):
        nodes.make_candidates(source, TRAIN, SPLIT, *given, *others)
    monkeypatch.setattr(
        nodes.compression, "make_candidate", lambda recipe, *rest: made.append(recipe.name) or make(recipe, *rest)
    )
    candidates = nodes.make_candidates(source, TRAIN, SPLIT, *given, *others)

    assert made == ["int8", "int4_calibrated", "sparse_int2"]
    assert [candidate.recipe.name for candidate in candidates] == made
    uninterrupted = {path.name: path.read_bytes() for path in (folder / "data/06_models/candidates").iterdir()}
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == uninterrupted


def test_a_candidate_depends_on_network_recipe_and_parameters_but_not_on_constraints(source):
    def key(recipe=0, trained=source, **changes):
        parameters = config(**changes)
        arguments = (configured.network(), configured.growth(), configured.training(), configured.warps(), parameters)
        fine_tuner = nodes.FineTuner(TRAIN, SPLIT, *arguments, nodes.Machine("cpu", 1, 1.0), nodes.TerminalMonitor())
        return candidate_key(parameters.variants[recipe], trained, fine_tuner)

    other = replace(source, network=source.network.__class__((5,)))
    assert key(max_bytes=9) == key()
    assert len({key(), key(1), key(learning_rate=0.01), key(trained=other)}) == 4


def test_a_compressed_network_and_another_split_are_refused(compressed, source):
    results = compressed[1]
    chosen = results.load("compressed_network")
    given = [results.load(f"params:{name}") for name in ("compress", "network", "growth", "training", "warps")]
    others = ["cpu", 1, MemoryConfig(budget_fraction=1.0), CandidateStore(compressed[0])]

    with pytest.raises(ValueError, match="already compressed: choose the network that it was made from"):
        nodes.make_candidates(chosen, TRAIN, SPLIT, *given, *others)
    other = replace(SPLIT, train=SPLIT.train[:-1])
    with pytest.raises(ValueError, match="was trained with another split"):
        nodes.make_candidates(source, TRAIN, other, *given, *others)
