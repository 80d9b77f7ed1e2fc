import gc
from importlib import metadata
from types import SimpleNamespace

import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Node, Pipeline
from kedro_viz.integrations.kedro.hooks_utils import is_default_run
from versioned import OLD, OURS, numbers, zero

from mnist_growth.hooks import (
    FactsHooks,
    MemoryHooks,
    ParameterHooks,
    StatusHooks,
)
from mnist_growth.machine import rss_bytes


def test_wrong_parameters_stop_a_run_before_it_begins():
    context = SimpleNamespace(config_loader={"parameters": {"trainng": {"epochs": 3}}})

    with pytest.raises(ValueError, match="Unknown parameter 'trainng'"):
        ParameterHooks().after_context_created(context)


@pytest.mark.parametrize("asked_for", ["sample", "kmnist", None])
def test_digits_of_another_set_than_asked_for_stop_a_run(asked_for):
    catalog = DataCatalog(
        {
            "test_digits": MemoryDataset(SimpleNamespace(dataset="sample")),
            "data_manifest": MemoryDataset({"dataset": "sample", "requested": "sample"}),
        }
    )
    pipeline = Pipeline([Node(zero, "test_digits", "metrics")])
    runtime_params = None if asked_for is None else {"dataset": asked_for}

    def start():
        ParameterHooks().before_pipeline_run({"runtime_params": runtime_params}, pipeline, catalog)

    if asked_for == "kmnist":
        with pytest.raises(ValueError, match="'kmnist', but the newest digits are 'sample'"):
            start()
    else:
        start()


def test_between_nodes_memory_that_was_freed_goes_back_to_the_system():
    class Half:
        """Holds itself, so that only a search for garbage finds it."""

        def __init__(self):
            self.memory, self.self = bytearray(b"1") * 100_000_000, self

    hooks = MemoryHooks()
    hooks.before_pipeline_run()
    Half()
    held = rss_bytes()
    hooks.after_node_run()
    hooks.after_pipeline_run()

    assert held - rss_bytes() > 90_000_000
    assert gc.get_freeze_count() == 0


def test_the_facts_of_a_run_reach_a_pipeline_that_wants_them_and_no_other(catalog, tmp_path):
    numbers(tmp_path, "given", save=OLD).save(3)
    facts = FactsHooks()
    facts.after_context_created(SimpleNamespace(project_path=tmp_path, config_loader={"parameters": {"device": "cpu"}}))
    run = {"run_id": OURS, "pipeline_names": None, "env": None}
    facts.before_pipeline_run(run, Pipeline([Node(zero, "given", "made")]), catalog)
    assert "run_facts" not in catalog

    facts.before_pipeline_run(run, Pipeline([Node(zero, ["given", "run_facts"], "made")]), catalog)
    found = catalog.load("run_facts")
    assert found.run == {"began": OURS, "pipeline": "__default__", "environment": "local", "commit": "none"}
    assert found.machine["device"] == "cpu"
    assert found.versions == {"given": OLD}  # nothing has been made yet
    assert found.software["kedro"] == metadata.version("kedro")


@pytest.mark.parametrize(
    ("names", "is_whole"), [(None, True), (["__default__"], True), (["analyse"], False), (["ingest", "train"], False)]
)
def test_only_a_whole_run_has_a_status_in_kedro_viz(names, is_whole):
    run = {"pipeline_names": names}
    StatusHooks().before_pipeline_run(run)
    assert is_default_run(run) is is_whole
