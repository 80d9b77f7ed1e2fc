import pytest
from kedro.io.core import DatasetError, Version

from mnist_growth.datasets import PngFolderDataset


def dataset(tmp_path, version="2026-01-31T12.00.00.000Z"):
    return PngFolderDataset(filepath=str(tmp_path / "figures_png"), version=Version(version, version))


def test_files_are_read_back_by_their_names(tmp_path):
    content = {"growth_figure": b"one", "memory_figure": b"two"}

    dataset(tmp_path).save(content)

    assert dataset(tmp_path).load() == content
    assert sorted(path.name for path in tmp_path.rglob("*.*") if path.is_file()) == [
        "growth_figure.png",
        "memory_figure.png",
    ]


def test_no_files_leave_nothing(tmp_path):
    dataset(tmp_path).save({})

    assert list(tmp_path.iterdir()) == []


def test_a_save_that_fails_leaves_no_half_folder(tmp_path):
    with pytest.raises(DatasetError):
        dataset(tmp_path).save({"first": b"one", "second": "no bytes"})

    assert list(tmp_path.iterdir()) == []
