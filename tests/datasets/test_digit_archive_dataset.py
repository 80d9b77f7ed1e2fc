import gzip
import hashlib
import shutil
import string
import zipfile
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
    emnist = {f"emnist_{name}" for name in ("digits", "letters", "balanced", "bymerge", "byclass", "mnist")}
    assert set(config["archives"]) == {"mnist", "fashion_mnist", "kmnist"} | emnist


def test_the_classes_of_published_sets_have_names() -> None:
    names = {name: archive.get("class_names") for name, archive in entry()["archives"].items()}
    both = [*string.digits, *string.ascii_uppercase]
    assert [name for name, given in names.items() if given is None] == ["mnist", "emnist_digits", "emnist_mnist"]
    assert names["emnist_letters"] == list(string.ascii_uppercase)
    assert names["emnist_balanced"] == names["emnist_bymerge"] == [*both, *"abdefghnqrt"]
    assert names["emnist_byclass"] == [*both, *string.ascii_lowercase]
    assert len(names["fashion_mnist"]) == len(names["kmnist"]) == 10


def test_the_sample_is_picked_by_a_parameter() -> None:
    digit_set = load(entry(dataset="sample"))
    assert (digit_set.dataset, len(digit_set.train), len(digit_set.test)) == ("sample", 4500, 500)


def test_an_unknown_name_is_refused_in_one_sentence() -> None:
    with pytest.raises(DatasetError) as refusal:
        load(entry(dataset="fashion-mnist"))
    message = str(refusal.value.__cause__)
    assert message.startswith(
        "There is no dataset named 'fashion-mnist', expected one of mnist, fashion_mnist, kmnist, "
    )
    assert message.endswith(", sample, folder; did you mean fashion_mnist?")


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


@pytest.fixture
def emnist(tmp_path: Path) -> Path:
    """A mirror with the archive of EMNIST: small sets of transposed images, gzipped."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    images = np.zeros((26, 28, 28), np.uint8)
    images[:, 3, 20] = np.arange(26)
    with zipfile.ZipFile(folder / "gzip.zip", "w") as archive:
        for name, labels in (("letters", np.arange(1, 27)), ("digits", np.arange(26) % 10)):
            for part in ("train", "test"):
                for kind, write, content in (
                    ("images-idx3", write_images, images),
                    ("labels-idx1", write_labels, labels),
                ):
                    file = tmp_path / "file"
                    write(file, content)
                    member = f"gzip/emnist-{name}-{part}-{kind}-ubyte.gz"
                    archive.writestr(member, gzip.compress(file.read_bytes()))
        archive.writestr("gzip/emnist-letters-mapping.txt", "1 65 97")
    return folder


def test_a_set_of_emnist_is_fetched_in_its_archive(
    emnist: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNIST_GROWTH_MIRROR", str(emnist))
    digest = hashlib.md5((emnist / "gzip.zip").read_bytes()).hexdigest()
    for name, classes in (("emnist_letters", string.ascii_uppercase), ("emnist_digits", string.digits)):
        config = {**entry(dataset=name), "filepath": str(tmp_path / "raw")}
        config["archives"][name]["md5"] = digest
        found = load(config)
        assert (found.dataset, found.train.dataset, found.class_names) == (name, name, tuple(classes))
        assert found.train.images[5, 20, 3] == 5
        assert found.counts == {"transposed": 52}
        shutil.rmtree(emnist, ignore_errors=True)  # the second set is in the same archive
    kept = tmp_path / "raw" / "emnist" / "gzip.zip"
    assert [path for path in (tmp_path / "raw").rglob("*") if path.is_file()] == [kept]
    kept.write_bytes(kept.read_bytes()[:-1] + b"x")
    with pytest.raises(DatasetError, match="has the MD5 digest .*, expected .*: delete it to download it again"):
        load(config)


def test_an_archive_of_emnist_with_other_content_is_refused(
    emnist: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = {**entry(dataset="emnist_letters"), "filepath": str(tmp_path / "raw")}
    config["archives"]["emnist_letters"]["mirrors"] = []
    monkeypatch.setenv("MNIST_GROWTH_MIRROR", str(emnist))
    with pytest.raises(DatasetError, match="has the MD5 digest .*, expected 58c8d27c78d21e728a6bc7b3cc06412e: put its"):
        load(config)
    assert not (tmp_path / "raw" / "emnist" / "gzip.zip").exists()
    monkeypatch.setenv("MNIST_GROWTH_MIRROR", str(tmp_path))
    with pytest.raises(
        DatasetError, match=r"No mirror provides gzip\.zip, tried .*: put its files into .*emnist or set"
    ):
        load(config)


def test_as_many_names_as_classes_are_expected(emnist: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNIST_GROWTH_MIRROR", str(emnist))
    config = {**entry(dataset="emnist_letters"), "filepath": str(tmp_path / "raw")}
    digest = hashlib.md5((emnist / "gzip.zip").read_bytes()).hexdigest()
    config["archives"]["emnist_letters"] |= {"md5": digest, "class_names": ["A", "B"]}
    with pytest.raises(DatasetError, match="emnist_letters has 26 classes, but its catalog entry names 2: give"):
        load(config)


@pytest.mark.parametrize(("field", "value"), [("md5", "12"), ("prefix", ""), ("folder", "a/b")])
def test_a_wrong_entry_of_a_zipped_set_is_named_by_its_place(field: str, value: str) -> None:
    config = entry()
    config["archives"]["emnist_letters"][field] = value
    with pytest.raises(DatasetError, match=f"is invalid at archives.emnist_letters.{field}: "):
        load(config)


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
