from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kedro.config import OmegaConfigLoader
from kedro.io import DataCatalog, DatasetError

from mnist_growth.datasets import DigitArchiveDataset
from mnist_growth.digits import DigitSet
from mnist_growth.digits.idx import images_sha256, labels_sha256, write_images, write_labels
from mnist_growth.digits.idx_set import IDX_NAMES

CONF = Path(__file__).parents[2] / "conf"


def entry(**runtime_params: Any) -> dict[str, Any]:
    """The entry of the catalog, as `kedro run --params` resolves it."""
    loader = OmegaConfigLoader(str(CONF), base_env="base", default_run_env="local", runtime_params=runtime_params)
    return dict(loader["catalog"]["digit_archive"])


def load(config: dict[str, Any]) -> DigitSet:
    digit_set = DataCatalog.from_config({"digit_archive": config})["digit_archive"].load()
    assert isinstance(digit_set, DigitSet)
    return digit_set


@pytest.fixture
def idx_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "own"
    for images, labels in (IDX_NAMES[:2], IDX_NAMES[2:]):
        write_images(folder / images, np.zeros((10, 28, 28), np.uint8))
        write_labels(folder / labels, np.arange(10))
    return folder


def test_the_default_of_the_catalog_is_mnist() -> None:
    config = entry()
    assert config["name"] == "mnist"
    assert config["own"]["path"] is None
    assert set(config["archives"]) == {"mnist", "fashion_mnist", "kmnist"}


def test_the_sample_is_picked_by_a_parameter() -> None:
    digit_set = load(entry(dataset="sample"))
    assert (digit_set.dataset, len(digit_set.train), len(digit_set.test)) == ("sample", 4500, 500)


def test_an_unknown_name_is_refused_in_one_sentence() -> None:
    with pytest.raises(DatasetError) as refusal:
        load(entry(dataset="fashion-mnist"))
    assert str(refusal.value.__cause__) == (
        "There is no dataset named 'fashion-mnist', expected one of mnist, fashion_mnist, kmnist, sample, folder; "
        "did you mean fashion_mnist?"
    )


def test_a_folder_of_own_digits_is_relative_to_the_current_directory(
    idx_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(idx_folder.parent)
    digit_set = load(entry(dataset="folder", archive={"path": "own"}))
    assert (digit_set.dataset, len(digit_set.train)) == ("folder", 10)


def test_the_mirror_of_the_environment_is_asked_first(
    idx_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = entry()
    config["filepath"] = str(tmp_path / "raw")
    digests = [
        images_sha256(np.zeros((10, 28, 28), np.uint8)),
        labels_sha256(np.arange(10)),
    ] * 2
    for file, digest in zip(config["archives"]["mnist"]["files"].values(), digests, strict=True):
        file["sha256"] = digest
    monkeypatch.setenv("MNIST_GROWTH_MIRROR", str(idx_folder))
    digit_set = load(config)
    assert (digit_set.dataset, digit_set.source) == ("mnist", str(idx_folder))
    assert sorted(path.name for path in (tmp_path / "raw" / "mnist").iterdir()) == sorted(IDX_NAMES)


def test_a_wrong_digest_in_the_catalog_is_named_by_its_place() -> None:
    config = entry()
    config["archives"]["mnist"]["files"]["test_labels"]["sha256"] = "12"
    with pytest.raises(DatasetError) as refusal:
        load(config)
    cause = str(refusal.value.__cause__)
    place = "archives.mnist.files.test_labels.sha256"
    assert cause.startswith(f"The catalog entry of the digit archive is invalid at {place}: ")
    assert "\n" not in cause


def test_an_archive_cannot_be_saved_to() -> None:
    dataset = DigitArchiveDataset("sample", "data/01_raw", {})
    assert dataset.exists()
    with pytest.raises(DatasetError, match="is read-only"):
        dataset.save(3)  # type: ignore[arg-type]
