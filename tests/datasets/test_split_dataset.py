from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from kedro.io.core import DatasetError, Version

import configured
from mnist_growth.datasets.split import SplitDataset
from mnist_growth.digits import Split, stratified_split

SPLIT = stratified_split(np.arange(200) % 10, configured.split())


def _dataset(folder: Path, load: str | None = None, save: str | None = None) -> SplitDataset:
    return SplitDataset(filepath=str(folder / "split.parquet"), version=Version(load, save))


def test_a_saved_split_is_loaded_as_it_was(tmp_path):
    _dataset(tmp_path).save(SPLIT)

    loaded = _dataset(tmp_path).load()

    assert np.array_equal(loaded.train, SPLIT.train)
    assert np.array_equal(loaded.validation, SPLIT.validation)
    assert loaded.train.dtype == np.int64


def test_the_table_has_one_row_per_image_in_order(tmp_path):
    _dataset(tmp_path, save="1").save(SPLIT)

    table = pd.read_parquet(tmp_path / "split.parquet" / "1" / "split.parquet")

    assert table["index"].tolist() == list(range(200))
    assert table["part"].value_counts().to_dict() == {"train": 180, "validation": 20}


def test_the_preview_counts_the_parts(tmp_path):
    dataset = _dataset(tmp_path)
    dataset.save(SPLIT)

    assert dataset.preview()["data"] == [["train", 180], ["validation", 20]]


def test_a_missing_split_says_how_to_make_one(tmp_path):
    with pytest.raises(DatasetError) as caught:
        _dataset(tmp_path).load()

    assert str(caught.value.__cause__).endswith("create one with `kedro run --pipeline preprocess`")


def test_a_missing_version_names_those_that_exist(tmp_path):
    _dataset(tmp_path, save="1").save(SPLIT)
    _dataset(tmp_path, save="2").save(Split(SPLIT.validation, SPLIT.train))

    with pytest.raises(DatasetError) as caught:
        _dataset(tmp_path, load="3").load()

    assert str(caught.value.__cause__).startswith("There is no split of the training digits of version 3")
    assert str(caught.value.__cause__).endswith("has 2, 1")
    assert np.array_equal(_dataset(tmp_path, load="1").load().train, SPLIT.train)


@pytest.mark.parametrize("content", [b"", b"PAR1 but no table PAR1"])
def test_a_damaged_table_is_named(tmp_path, content):
    path = tmp_path / "split.parquet" / "1" / "split.parquet"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)

    with pytest.raises(DatasetError) as caught:
        _dataset(tmp_path).load()

    assert str(caught.value.__cause__).startswith(f"{path} is not a split")


def test_a_table_whose_parts_overlap_is_refused(tmp_path):
    path = tmp_path / "split.parquet" / "1" / "split.parquet"
    path.parent.mkdir(parents=True)
    pd.DataFrame({"index": [0, 1, 1], "part": ["train", "train", "validation"]}).to_parquet(path)

    with pytest.raises(DatasetError) as caught:
        _dataset(tmp_path).load()

    assert "share 1 images" in str(caught.value.__cause__)


def test_a_failed_save_leaves_no_version_behind(tmp_path, monkeypatch):
    def full_disk(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_parquet", full_disk)
    dataset = _dataset(tmp_path)

    with pytest.raises(DatasetError, match="No space left"):
        dataset.save(SPLIT)

    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not _dataset(tmp_path).exists()
