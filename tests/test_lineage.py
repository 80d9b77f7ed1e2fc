"""Results carry the network and the digits that they were computed from, in memory and in their files."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
import torch
from kedro.io import Version
from kedro_datasets.json import JSONDataset
from kedro_datasets.pandas import ParquetDataset
from kedro_datasets.plotly import JSONDataset as FigureDataset

from mnist_growth.digits import Digits
from mnist_growth.lineage import UNKNOWN, Lineage, common_lineage, lineage_of, lineage_of_file, mark
from mnist_growth.network import GrowingMLP, TrainedNetwork, save_tensors

OURS, OTHERS = Lineage("1" * 64, "f" * 64), Lineage("2" * 64, "e" * 64)
TABLE = pd.DataFrame({"accuracy": [0.5, 0.75]})
FIGURE = go.Figure(go.Scatter(x=[1], y=[2]), layout={"meta": {"min_width": 900}})
METRICS = {"accuracy": 0.5, "widths": [12, 8]}


def trained(seed=0, fingerprint="f" * 64):
    network = GrowingMLP((5,), generator=torch.Generator().manual_seed(seed)).eval()
    return TrainedNetwork(network, "sample", fingerprint, epochs=1)


@pytest.mark.parametrize(
    ("value", "kind", "suffix"),
    [(TABLE, ParquetDataset, "parquet"), (FIGURE, FigureDataset, "json"), (METRICS, JSONDataset, "json")],
)
def test_the_mark_of_a_result_survives_its_versioned_file(tmp_path, value, kind, suffix):
    dataset = kind(filepath=str(tmp_path / f"result.{suffix}"), version=Version(None, "1"))

    dataset.save(mark(value, OURS))

    assert lineage_of(dataset.load()) == OURS
    assert lineage_of_file(tmp_path / f"result.{suffix}/1/result.{suffix}") == OURS
    assert lineage_of(value) == UNKNOWN  # what was marked is a copy


def test_a_mark_replaces_the_one_before_and_keeps_everything_else():
    assert lineage_of(mark(mark(TABLE, OTHERS), OURS)) == OURS
    pd.testing.assert_frame_equal(mark(TABLE, OURS), TABLE)
    assert mark(FIGURE, OURS).layout.meta["min_width"] == 900
    assert mark(METRICS, OURS) == {**METRICS, "network_sha256": "1" * 64, "fingerprint": "f" * 64}


@pytest.mark.parametrize("value", [{}, {"figure": b"PNG"}, {"table": TABLE}, "text", [1], None, np.ones(2)])
def test_what_is_no_result_stays_as_it_is(value):
    assert mark(value, OURS) is value
    assert lineage_of(value) == UNKNOWN


def test_a_result_of_the_digits_alone_names_no_network():
    digits = Digits(np.zeros((2, 28, 28), np.uint8), np.array([0, 1]), "sample", "f" * 64)

    assert common_lineage([digits, 5, TABLE]) == Lineage(fingerprint="f" * 64)
    assert "network_sha256" not in mark(TABLE, lineage_of(digits)).attrs


def test_a_result_has_the_lineage_of_the_first_network_that_it_was_computed_from():
    network = trained()

    assert common_lineage([mark(METRICS, Lineage(fingerprint="e" * 64)), network, mark(TABLE, OTHERS)]) == Lineage(
        network.sha256, network.fingerprint
    )
    assert common_lineage([]) == UNKNOWN


def test_a_result_belongs_to_its_network_or_to_the_digits_of_the_network():
    network = trained()

    assert lineage_of(network).belongs_to(network)
    assert not lineage_of(trained(seed=1)).belongs_to(network)
    assert Lineage(fingerprint="f" * 64).belongs_to(network)
    assert not Lineage(fingerprint="e" * 64).belongs_to(network)
    assert not UNKNOWN.belongs_to(trained(fingerprint=""))


def test_files_of_other_programs_have_no_lineage(tmp_path):
    (tmp_path / "list.json").write_text("[1, 2]")
    TABLE.to_parquet(tmp_path / "plain.parquet")
    (tmp_path / "text.html").write_text("<p>")
    (tmp_path / "half.json").write_text('{"network')

    for name in ("list.json", "plain.parquet", "text.html"):
        assert lineage_of_file(tmp_path / name) == UNKNOWN
    with pytest.raises(ValueError, match="Unterminated"):
        lineage_of_file(tmp_path / "half.json")


def test_a_file_of_tensors_carries_the_lineage_in_its_header(tmp_path):
    path = tmp_path / "detector.safetensors"
    save_tensors(path, "novelty detector", {"one": torch.zeros(2)}, {"network_sha256": "1" * 64})
    assert lineage_of_file(path) == Lineage("1" * 64)
    path.write_bytes(b"no safetensors")
    with pytest.raises(ValueError, match="is damaged"):
        lineage_of_file(path)
