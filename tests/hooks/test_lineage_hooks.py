"""A run marks its results, loads those of its network and mixes no two networks."""

import pandas as pd
import pytest
import torch
from kedro.framework.hooks.manager import _create_hook_manager
from kedro.io import DataCatalog, MemoryDataset, Version
from kedro.pipeline import Node, Pipeline
from kedro.runner import SequentialRunner
from kedro_datasets.json import JSONDataset
from kedro_datasets.pandas import ParquetDataset

from mnist_growth.datasets import NetworkDataset
from mnist_growth.hooks import LineageHooks
from mnist_growth.lineage import SEVERAL_NETWORKS, Lineage, lineage_of, mark
from mnist_growth.network import GrowingMLP, TrainedNetwork
from mnist_growth.report import Missing

VERSIONS = [f"2026-01-0{day}T00.00.00.000Z" for day in range(1, 5)]
FINGERPRINT = "f" * 64


def trained(seed: int) -> TrainedNetwork:
    network = GrowingMLP((5,), generator=torch.Generator().manual_seed(seed)).eval()
    return TrainedNetwork(network, "sample", FINGERPRINT, epochs=1)


FIRST, SECOND = trained(1), trained(2)


def table(*_inputs) -> pd.DataFrame:
    return pd.DataFrame({"a": [1]})


def metrics(*_inputs) -> dict[str, int]:
    return {"a": 1}


@pytest.fixture
def catalog(tmp_path) -> DataCatalog:
    """Two networks, and of each one what was measured of it and what was learned; the older one was measured last."""

    def entry(kind, name, version=None):
        return kind(filepath=str(tmp_path / name), version=Version(version, version or VERSIONS[3]))

    kinds = {
        "network": (NetworkDataset, "network.safetensors"),
        "measured": (ParquetDataset, "measured.parquet"),
        "learned": (JSONDataset, "learned.json"),
        "never_made": (ParquetDataset, "never_made.parquet"),
    }
    for number, (network, version) in enumerate(((FIRST, VERSIONS[0]), (SECOND, VERSIONS[1]), (FIRST, VERSIONS[2]))):
        entry(*kinds["measured"], version).save(mark(pd.DataFrame({"number": [number]}), lineage_of(network)))
    for network, version in ((FIRST, VERSIONS[0]), (SECOND, VERSIONS[1])):
        entry(*kinds["network"], version).save(network)
    entry(*kinds["learned"], VERSIONS[0]).save(mark({"a": 1}, lineage_of(FIRST)))
    return DataCatalog({name: entry(*kind) for name, kind in kinds.items()})


def begin(pipeline, catalog, load_versions=None):
    for name, version in (load_versions or {}).items():
        catalog[name]._version = Version(version, VERSIONS[3])
    LineageHooks().before_pipeline_run({"load_versions": load_versions}, pipeline, catalog)


def run(pipeline, catalog):
    manager = _create_hook_manager()
    manager.register(LineageHooks())
    SequentialRunner().run(pipeline, catalog, hook_manager=manager)


@pytest.mark.parametrize(("asked_for", "loaded"), [(None, 1), (VERSIONS[0], 2)])
def test_a_run_loads_the_newest_results_of_its_network(catalog, asked_for, loaded):
    begin(
        Pipeline([Node(table, ["network", "measured"], "made")]),
        catalog,
        {"network": asked_for} if asked_for else None,
    )

    assert catalog.load("measured")["number"].item() == loaded


def test_a_version_that_was_asked_for_is_kept(catalog):
    begin(Pipeline([Node(table, ["network", "measured"], "made")]), catalog, {"measured": VERSIONS[0]})

    assert catalog.load("measured")["number"].item() == 0


def test_a_result_that_the_network_does_not_have_is_refused_by_name(catalog):
    needs = Pipeline([Node(metrics, ["network", "learned"], "made")])

    with pytest.raises(
        FileNotFoundError, match=rf"^These results belong to another network \({FIRST.sha256[:6]}…\): learned\."
    ):
        begin(needs, catalog)


def test_a_node_of_several_networks_is_told_what_the_network_does_not_have(catalog):
    sorts = Node(metrics, ["network", "measured", "learned", "never_made"], "made", tags=SEVERAL_NETWORKS)

    begin(Pipeline([sorts]), catalog)

    assert catalog.load("measured")["number"].item() == 1
    assert catalog.load("learned") == Missing("learned", lineage_of(FIRST), "")
    assert catalog.load("never_made") == Missing("never_made", Lineage(), "")


def test_what_a_run_with_a_new_network_does_not_make_may_be_missing(catalog):
    makes = Node(lambda number: trained(number), "number", "network")
    sorts = Node(metrics, ["network", "measured", "never_made"], "made", tags=SEVERAL_NETWORKS)

    begin(Pipeline([makes, sorts]), catalog)

    assert catalog.load("measured")["number"].item() == 2  # of the older network: the node sorts it out
    assert catalog.load("never_made") == Missing("never_made", Lineage(), "")


def test_every_output_of_every_node_is_marked_also_of_a_node_that_makes_the_network():
    catalog = DataCatalog({"number": MemoryDataset(1)})
    nodes = [
        Node(lambda number: (trained(number), table()), "number", ["network", "history"]),
        Node(table, "history", "summary"),
        Node(metrics, ["number", "network"], "metrics"),
        Node(lambda metrics: f"{metrics}", "metrics", "text"),
        Node(table, ["text", "summary"], "page"),
    ]

    for name in ("network", "history", "summary", "metrics", "page"):
        catalog[name] = Kept(copy_mode="assign")
    run(Pipeline(nodes), catalog)

    for name in ("network", "history", "summary", "metrics", "page"):
        assert lineage_of(catalog.load(name)) == lineage_of(FIRST), name


def test_two_networks_are_not_mixed(catalog):
    pipeline = Pipeline([Node(table, ["network", "measured"], "made", name="mix")])

    with pytest.raises(ValueError, match=r"^The node mix would mix results of several networks \(network of \w{6}…, m"):
        run(pipeline, catalog)


def test_results_of_several_networks_belong_to_the_first_where_a_node_may_mix(catalog):
    catalog["made"] = Kept(copy_mode="assign")

    run(Pipeline([Node(table, ["measured", "network"], "made", tags=SEVERAL_NETWORKS)]), catalog)

    assert lineage_of(catalog.load("made")) == lineage_of(FIRST)


class Kept(MemoryDataset):
    """Stays when the runner has no more need of it."""

    def _release(self):
        pass
