import json
from pathlib import Path

import pytest
from kedro.io.core import DatasetError, Version

from mnist_growth.datasets.statistics import PixelStatisticsDataset
from mnist_growth.digits import PixelStatistics

STATISTICS = PixelStatistics(mean=0.1306604762738429, std=0.30810780717887876, count=60_000)


def _dataset(folder: Path) -> PixelStatisticsDataset:
    return PixelStatisticsDataset(filepath=str(folder / "pixel_statistics.json"), version=Version(None, "1"))


def _file(folder: Path) -> Path:
    return folder / "pixel_statistics.json" / "1" / "pixel_statistics.json"


def test_saved_statistics_are_loaded_to_the_last_digit(tmp_path):
    _dataset(tmp_path).save(STATISTICS)

    assert _dataset(tmp_path).load() == STATISTICS


def test_the_file_is_plain_json_and_its_own_preview(tmp_path):
    dataset = _dataset(tmp_path)
    dataset.save(STATISTICS)

    content = json.loads(_file(tmp_path).read_text())
    assert content == {"mean": STATISTICS.mean, "std": STATISTICS.std, "images": 60_000}
    assert json.loads(dataset.preview()) == content


@pytest.mark.parametrize("content", ["", "[]", '{"mean": 0.1}', '{"mean": null, "std": 1, "images": 3}'])
def test_a_damaged_file_is_named(tmp_path, content):
    _file(tmp_path).parent.mkdir(parents=True)
    _file(tmp_path).write_text(content)

    with pytest.raises(DatasetError) as caught:
        _dataset(tmp_path).load()

    assert str(caught.value.__cause__).startswith(f"{_file(tmp_path)} does not contain pixel statistics")


def test_missing_statistics_say_how_to_make_them(tmp_path):
    with pytest.raises(DatasetError) as caught:
        _dataset(tmp_path).load()

    assert str(caught.value.__cause__).endswith("create one with `kedro run --pipeline preprocess`")
