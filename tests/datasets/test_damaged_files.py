"""Files of Kedro's own formats that are damaged: one sentence, which names the file."""

import json

import pandas as pd
import plotly.graph_objects as go
import pytest
from kedro.io import DatasetError, Version

from mnist_growth.datasets import FigureDataset, ManifestDataset, MetricsDataset, TableDataset
from mnist_growth.error_messages import error_message

TABLE = pd.DataFrame({"digit": [float(number) for number in range(3000)]})
KINDS = {
    "table": (TableDataset, "table.parquet", TABLE),
    "metrics": (MetricsDataset, "metrics.json", {"accuracy": 0.5}),
    "figure": (FigureDataset, "figure.json", go.Figure(go.Scatter(y=[1, 2]))),
}


def saved(tmp_path, kind, name, value):
    """A dataset with one version, and its file."""
    dataset = kind(filepath=str(tmp_path / name), version=Version(None, "1"))
    dataset.save(value)
    return dataset, tmp_path / name / "1" / name


def refusal(dataset):
    with pytest.raises(DatasetError) as error:
        dataset.load()
    return error_message(error.value)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("content", [b"", b"\xff\xfe\xe9", b"[1, 2]", b"NaN", b"[" * 100_000, None])
def test_a_damaged_file_is_named_in_one_sentence(tmp_path, kind, content):
    dataset, path = saved(tmp_path, *KINDS[kind])
    half = path.read_bytes()[: path.stat().st_size // 2]
    path.write_bytes(half if content is None else content)

    sentence = refusal(dataset)

    assert sentence.startswith(f"{path} is damaged (")
    assert sentence.endswith("): restore it from a copy, or delete this version and make it again")
    assert "Traceback" not in sentence


@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_in_place_of_a_file_is_named(tmp_path, kind):
    dataset, path = saved(tmp_path, *KINDS[kind])
    path.unlink()
    path.mkdir()

    assert refusal(dataset) == f"{path} is a folder, expected a file: delete this version"


def test_a_changed_byte_of_a_table_is_noticed(tmp_path):
    dataset, path = saved(tmp_path, *KINDS["table"])
    pd.testing.assert_frame_equal(dataset.load(), TABLE)
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 1
    path.write_bytes(content)

    assert refusal(dataset).startswith(f"{path} is damaged (")


def test_a_missing_version_is_not_damage(tmp_path):
    dataset = TableDataset(filepath=str(tmp_path / "table.parquet"), version=Version(None, "1"))

    assert "damaged" not in refusal(dataset)


@pytest.mark.parametrize(
    ("name", "value"),
    [("train", None), ("test", {"count": "many", "class_counts": {}}), ("dataset", 1), ("preparation", {"form": "x"})],
)
def test_a_manifest_has_what_others_read(tmp_path, name, value):
    part = {"count": 2, "class_counts": {"0": 1, "1": 1}}
    texts = dict.fromkeys(("dataset", "requested", "source", "fingerprint"), "x")
    preparation = {"form": "keep", "ink": "light"}
    manifest = {**texts, "image_shape": [28, 28], "preparation": preparation, "train": part, "test": part}
    dataset, path = saved(tmp_path, ManifestDataset, "manifest.json", manifest)
    assert dataset.load() == manifest

    path.write_text(json.dumps({**manifest, name: value}))

    assert refusal(dataset).startswith(f"{path} is damaged ({name}")
