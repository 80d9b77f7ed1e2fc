"""The results of a network are found in whatever version they are."""

from dataclasses import replace

import pandas as pd
import plotly.graph_objects as go
import pytest
import torch
from kedro.io import DataCatalog
from kedro.pipeline import Node, Pipeline

from mnist_growth.datasets import Found, Results
from mnist_growth.lineage import UNKNOWN, Lineage, lineage_of, mark
from mnist_growth.network import GrowingMLP, TrainedNetwork
from mnist_growth.report import Missing, explain

FINGERPRINT = "f" * 64


def trained(seed, version=""):
    network = GrowingMLP((5,), generator=torch.Generator().manual_seed(seed)).eval()
    return TrainedNetwork(network, "sample", FINGERPRINT, epochs=1, version=version)


OURS, OTHERS = trained(1, "2026-01-01"), trained(2)
EFFECTS = pd.DataFrame({"effect": [0.5]})


def catalog(folder, save_version=None) -> DataCatalog:
    versioned = {"versioned": True}
    return DataCatalog.from_config(
        {
            "effects": {"type": "pandas.ParquetDataset", "filepath": f"{folder}/effects.parquet", **versioned},
            "{name}_figure": {"type": "plotly.JSONDataset", "filepath": f"{folder}/{{name}}_figure.json", **versioned},
            "unversioned": {"type": "json.JSONDataset", "filepath": f"{folder}/unversioned.json"},
        },
        save_version=save_version,
    )


def make(*_inputs):
    return EFFECTS


PIPELINES = {
    "__default__": Pipeline([Node(make, "network", "other")]),
    "look": Pipeline([Node(make, ["network", "digits"], "effects")]),
    "again": Pipeline([Node(make, "network", "effects")]),
    "train": Pipeline([Node(make, "digits", "history")]),
}


@pytest.fixture
def results(tmp_path) -> Results:
    for version, network, effect in (("1", OURS, 1.0), ("2", OURS, 2.0), ("3", OTHERS, 3.0)):
        table, figure = pd.DataFrame({"effect": [effect]}), go.Figure(go.Bar(y=[effect]))
        catalog(tmp_path, version).save("effects", mark(table, lineage_of(network)))
        catalog(tmp_path, version).save("effects_figure", mark(figure, lineage_of(network)))
    return Results(catalog(tmp_path), PIPELINES)


def test_the_newest_version_of_a_network_is_found_also_by_the_pattern_of_a_name(results):
    found, drawn = results.find("effects", OURS), results.find("effects_figure", OURS)

    assert (found.version, found.value["effect"].tolist()) == ("2", [2.0])
    assert (drawn.version, drawn.value.data[0].y) == ("2", (2.0,))
    assert results.find("effects", OTHERS).version == "3"


def test_results_of_another_network_alone_are_missing_and_the_command_makes_them(results):
    stranger = trained(3, "2026-01-02")

    assert results.find("effects", stranger) == Missing(
        "effects", lineage_of(OTHERS), "kedro run --pipeline look --load-versions network:2026-01-02"
    )
    assert results.find("effects", trained(3)).command == "kedro run --pipeline look"


def test_a_compressed_network_has_results_of_its_source_only_where_they_are_asked_for(results):
    compressed = replace(trained(3), source=OURS.sha256)

    assert results.find("effects", compressed, or_source=True).version == "2"
    assert isinstance(results.find("effects", compressed), Missing)
    assert isinstance(results.find("effects", trained(3), or_source=True), Missing)


def test_what_was_never_made_is_missing_and_a_training_needs_no_network(results):
    assert results.find("never_figure", OURS) == Missing("never_figure", UNKNOWN, "")
    assert results.find("history", OURS) == Missing("history", UNKNOWN, "kedro run --pipeline train")


def test_a_result_of_the_digits_belongs_to_every_network_that_was_trained_on_them(tmp_path):
    catalog(tmp_path, "1").save("effects", mark(EFFECTS, Lineage(fingerprint=FINGERPRINT)))
    catalog(tmp_path, "2").save("effects", mark(EFFECTS, Lineage(fingerprint="e" * 64)))

    assert Results(catalog(tmp_path), {}).find("effects", OURS).version == "1"


def test_damaged_files_are_passed_over_and_what_has_no_versions_is_not_looked_at(results, tmp_path):
    (tmp_path / "effects.parquet/4").mkdir()
    (tmp_path / "effects.parquet/4/effects.parquet").write_bytes(b"PAR1")
    catalog(tmp_path).save("unversioned", mark({"a": 1}, lineage_of(OURS)))

    assert isinstance(results.find("effects", OURS), Found)
    assert isinstance(results.find("unversioned", OURS), Missing)


def test_finding_leaves_the_entry_of_the_catalog_as_it_is(tmp_path, results):
    entries = catalog(tmp_path)

    Results(entries, {}).find("effects", OURS)

    assert entries.load("effects")["effect"].tolist() == [3.0]


def test_a_result_whose_newest_file_is_damaged_is_missing_with_its_path(results, tmp_path):
    path = tmp_path / "effects.parquet" / "3" / "effects.parquet"
    path.write_bytes(b"PAR1")

    missing = results.find("effects", OTHERS)

    assert missing.damaged == str(path)
    assert explain([missing])[0].startswith(f"The newest file is damaged ({path}): effects.")


def test_a_result_without_any_version_is_missing_and_not_damaged(tmp_path):
    reference = {"type": "mnist_growth.datasets.DriftReferenceDataset", "filepath": f"{tmp_path}/reference.json"}
    without = DataCatalog.from_config({"reference": {**reference, "versioned": True}})

    assert Results(without, {}).find("reference", OURS) == Missing("reference", UNKNOWN, "")
