"""Data sets are read from the formats in which they are passed around."""

import gzip
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import configured
from file_formats import png, write_csv, write_zip
from image_sets import image_set
from mnist_growth.digits import DigitSet, own_digits, prepare
from mnist_growth.digits.idx import write_images, write_labels
from mnist_growth.digits.idx_set import IDX_NAMES

SET = image_set("mnist", training=120, test=80)
TRAIN, TEST = SET.train, SET.test


def read(path: Path, **options: Any) -> DigitSet:
    return own_digits(path, configured.archive(**options))


def keras(path: Path) -> Path:
    arrays = {"x_train": TRAIN.images, "y_train": TRAIN.labels, "x_test": TEST.images, "y_test": TEST.labels}
    np.savez_compressed(path / "mnist.npz", **arrays)
    return path / "mnist.npz"


def idx(
    folder: Path, prefix: str = "", test: str = "t10k", change: Callable[[Any], Any] = lambda images: images
) -> Path:
    for part, digits in (("train", TRAIN), (test, TEST)):
        write_images(folder / f"{prefix}{part}-images-idx3-ubyte", change(digits.images))
        write_labels(folder / f"{prefix}{part}-labels-idx1-ubyte", digits.labels)
    return folder


def kaggle(folder: Path) -> Path:
    write_csv(folder / "mnist_train.csv", TRAIN.images, TRAIN.labels)
    write_csv(folder / "mnist_test.csv", TEST.images, TEST.labels)
    return folder


def headless(folder: Path) -> Path:
    write_csv(folder / "train.csv", TRAIN.images, TRAIN.labels, header=False)
    write_csv(folder / "test.csv", TEST.images, TEST.labels, header=False)
    return folder


def label_last(folder: Path) -> Path:
    write_csv(folder / "train.csv", TRAIN.images, TRAIN.labels, header=False, last=True)
    write_csv(folder / "test.csv", TEST.images, TEST.labels, header=True, last=True)
    return folder


def gzipped_csv(folder: Path) -> Path:
    for path in kaggle(folder).iterdir():
        path.with_suffix(".csv.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    return folder


def fractions_in_csv(folder: Path) -> Path:
    write_csv(folder / "train.csv", TRAIN.images / 255, TRAIN.labels)
    write_csv(folder / "test.csv", TEST.images / 255, TEST.labels)
    return folder


def four_arrays(folder: Path) -> Path:
    np.save(folder / "x_train.npy", TRAIN.images[..., None].astype(np.float32) / 255)
    np.save(folder / "y_train.npy", np.eye(10)[TRAIN.labels])
    np.save(folder / "x_test.npy", TEST.images.reshape(-1, 784))
    np.save(folder / "y_test.npy", TEST.labels[:, None])
    return folder


def kmnist_arrays(folder: Path) -> Path:
    for part, digits in (("train", TRAIN), ("test", TEST)):
        np.savez(folder / f"kmnist-{part}-imgs.npz", digits.images)
        np.savez(folder / f"kmnist-{part}-labels.npz", digits.labels)
    return folder


def parquet(folder: Path) -> Path:
    for part, digits in (("train", TRAIN), ("test", TEST)):
        cells = [{"bytes": png(image), "path": None} for image in digits.images]
        pq.write_table(pa.table({"image": cells, "label": digits.labels}), folder / f"{part}-00000-of-00001.parquet")
    return folder


def parquet_of_lists(folder: Path) -> Path:
    for part, digits in (("train", TRAIN), ("test", TEST)):
        cells = [image.reshape(-1).tolist() for image in digits.images]
        pq.write_table(pa.table({"image": cells, "label": digits.labels}), folder / f"{part}.parquet")
    return folder


def zipped(make: Callable[[Path], Path]) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        inner = folder / "inner"
        inner.mkdir()
        made = make(inner)
        files = sorted(path for path in made.rglob("*") if path.is_file()) if made.is_dir() else [made]
        content = {f"set/{path.relative_to(inner)}": path.read_bytes() for path in files}
        archive = write_zip(folder / "digits.zip", content | {"__MACOSX/set/._x": b"", ".DS_Store": b""})
        shutil.rmtree(inner)
        return archive

    return write


def class_folders(folder: Path) -> Path:
    for part, digits in (("train", TRAIN), ("test", TEST)):
        for number in range(10):
            (folder / part / str(number)).mkdir(parents=True)
            (folder / part / str(number) / ".keep").touch()
        for position, (image, label) in enumerate(zip(digits.images, digits.labels, strict=True)):
            (folder / part / str(label) / f"{position:03}.png").write_bytes(png(image))
    return folder


LAYOUTS = {
    "Keras": keras,
    "IDX": idx,
    "Kaggle": kaggle,
    "CSV without header": headless,
    "label last": label_last,
    "CSV in gzip": gzipped_csv,
    "fractions in CSV": fractions_in_csv,
    "npy": four_arrays,
    "npz of one array": kmnist_arrays,
    "parquet": parquet,
    "parquet of lists": parquet_of_lists,
    "zip of IDX": zipped(idx),
    "zip of CSV": zipped(kaggle),
    "zip of npz": zipped(keras),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_format_gives_the_same_data_set(layout: str, tmp_path: Path) -> None:
    found = read(LAYOUTS[layout](tmp_path))
    assert found.fingerprint == SET.fingerprint
    assert found.dataset == found.requested == "folder"
    assert all(len(file["sha256"]) == 64 for file in found.files.values())
    assert found.files


def test_a_zip_of_class_folders_is_read(tmp_path: Path) -> None:
    archive = zipped(class_folders)(tmp_path)
    found = read(archive)
    assert found.source == "digits.zip"
    assert (len(found.train), len(found.test)) == (120, 80)
    assert np.bincount(found.test.labels, minlength=10).tolist() == np.bincount(TEST.labels, minlength=10).tolist()


def test_a_fault_in_a_zip_names_the_zip_and_the_file_in_it(tmp_path: Path) -> None:
    archive = zipped(idx)(tmp_path)
    with pytest.raises(ValueError, match=re.escape(f"{archive} has a test part ({archive}/set/")):
        read(archive, test_fraction=0.2)


def test_emnist_files_are_turned(tmp_path: Path) -> None:
    idx(tmp_path, prefix="emnist-digits-", test="test", change=lambda images: images.swapaxes(1, 2))
    found = read(tmp_path)
    assert found.fingerprint == SET.fingerprint
    assert found.counts == {"transposed": 200}
    upright = read(tmp_path, transposed=False)
    np.testing.assert_array_equal(upright.test.images, TEST.images.swapaxes(1, 2))


def test_one_of_several_sets_is_chosen_by_a_file(tmp_path: Path) -> None:
    idx(tmp_path, prefix="a-")
    idx(tmp_path, prefix="b-", change=lambda images: 255 - images)
    with pytest.raises(
        ValueError, match=r"contains the data sets a-, b-: add one of them to archive\.path, as in .*/a-\*"
    ):
        read(tmp_path)
    assert read(tmp_path / "a-train-images-idx3-ubyte").fingerprint == SET.fingerprint


def emnist(folder: Path) -> Path:
    """The folder gzip of EMNIST: several sets, whose images are transposed; the letters are numbered from 1."""
    gz = folder / "gzip"
    gz.mkdir()
    idx(gz, prefix="emnist-digits-", test="test", change=lambda images: images.swapaxes(1, 2))
    for part, digits in (("train", TRAIN), ("test", TEST)):
        write_images(gz / f"emnist-letters-{part}-images-idx3-ubyte", np.array(digits.images.swapaxes(1, 2)))
        write_labels(gz / f"emnist-letters-{part}-labels-idx1-ubyte", 1 + digits.labels + 16 * (digits.labels == 9))
    for path in list(gz.iterdir()):
        (gz / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    (gz / "emnist-letters-mapping.txt").write_text("1 65 97\n")
    return gz


@pytest.mark.parametrize("name", ["emnist-digits-*", "emnist-digits-", "emnist-digits", "emnist-d*"])
@pytest.mark.parametrize("container", ["folder", "zip"])
def test_one_of_the_sets_of_emnist_is_chosen_by_its_name(tmp_path: Path, container: str, name: str) -> None:
    folder = emnist(tmp_path)
    if container == "zip":
        folder = write_zip(tmp_path / "gzip.zip", {f"gzip/{path.name}": path.read_bytes() for path in folder.iterdir()})
    found = read(folder / name)
    assert found.fingerprint == SET.fingerprint
    assert found.counts == {"transposed": 200}
    if container == "zip":
        with pytest.raises(
            ValueError, match=r"add one of them to archive\.path, as in .*gzip\.zip/gzip/emnist-digits-\*"
        ):
            read(folder)
        assert read(folder / "gzip" / name).fingerprint == SET.fingerprint
    letters = read(folder / "emnist-letters-*")
    assert letters.class_names == tuple(map(str, range(1, 27)))
    np.testing.assert_array_equal(letters.test.images, TEST.images)


@pytest.mark.parametrize("container", ["folder", "zip"])
def test_a_set_that_is_not_there_or_not_one_is_named(tmp_path: Path, container: str) -> None:
    folder = emnist(tmp_path)
    if container == "zip":
        folder = write_zip(tmp_path / "gzip.zip", {f"gzip/{path.name}": path.read_bytes() for path in folder.iterdir()})
    sets = "emnist-digits-, emnist-letters-"
    with pytest.raises(ValueError, match=f"contains no data sets whose names begin with emnist-lettres-, .* {sets}"):
        read(folder / "emnist-lettres-*")
    with pytest.raises(ValueError, match=f"contains several data sets whose names begin with emnist, .* {sets}"):
        read(folder / "emnist*")
    with pytest.raises(ValueError, match="does not exist: set archive.path to your digits"):
        read(tmp_path / "gzop" / "emnist-digits-*")


@pytest.mark.parametrize("side", [20, 32, 56])
def test_other_sizes_are_scaled_on_request(side: int, tmp_path: Path) -> None:
    def change(images: np.ndarray) -> np.ndarray:
        if side == 56:
            return images.repeat(2, axis=1).repeat(2, axis=2)
        return images[:, 4:24, 4:24] if side == 20 else np.pad(images, ((0, 0), (2, 2), (2, 2)))

    idx(tmp_path, change=change)
    with pytest.raises(
        ValueError, match=rf"images of {side} x {side} pixels.*: scale them with --params archive\.resize"
    ):
        read(tmp_path)
    found = prepare(read(tmp_path, resize=True), "auto")
    assert found.counts["resized"] == 200
    assert found.preparation.form == "as_is"
    expected = [found.preparation.apply(image).image for image in change(TEST.images)]
    np.testing.assert_array_equal(found.test.images, expected)  # as a network is asked about them


def test_a_test_part_is_split_off_on_request_only(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "train.csv", TRAIN.images, TRAIN.labels)
    with pytest.raises(ValueError, match=r"has no test part: add it, or split .* archive\.test_fraction=0\.15"):
        read(path)
    found = read(path, test_fraction=0.25)
    assert len(found.train) + len(found.test) == 120
    assert 25 <= len(found.test) <= 35
    every = np.concatenate([found.train.images, found.test.images])
    assert sorted(map(bytes, every)) == sorted(map(bytes, TRAIN.images))
    assert read(path, test_fraction=0.25).fingerprint == found.fingerprint


def test_a_test_part_without_labels_does_not_count(tmp_path: Path) -> None:
    write_csv(tmp_path / "train.csv", TRAIN.images, TRAIN.labels)
    write_csv(tmp_path / "test.csv", TEST.images)
    (tmp_path / "sample_submission.csv").write_text("ImageId,Label\n1,0\n")
    with pytest.raises(ValueError, match=r"no labels in its test part \(.*test\.csv\): add it, or split"):
        read(tmp_path)
    assert len(read(tmp_path, test_fraction=0.25).test) > 20


def test_a_second_test_part_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"has a test part \(.*\): leave out archive\.test_fraction"):
        read(keras(tmp_path), test_fraction=0.1)


def scaled_to_16(folder: Path) -> Path:
    np.savez(folder / "mnist.npz", x_train=TRAIN.images // 16, y_train=TRAIN.labels)
    return folder / "mnist.npz"


def other_arrays(folder: Path) -> Path:
    np.savez(folder / "weights.npz", first=np.ones((3, 3)), second=np.ones(3))
    return folder / "weights.npz"


def objects(folder: Path) -> Path:
    np.save(folder / "x.npy", np.array([{"a": 1}]), allow_pickle=True)
    return folder / "x.npy"


def html(folder: Path) -> Path:
    idx(folder)
    (folder / IDX_NAMES.train_images).write_text("<html>Not found</html>")
    return folder


def saved_page(folder: Path) -> Path:
    (folder / "mnist.npz").write_text("<!doctype html><html></html>")
    return folder / "mnist.npz"


def names_out(folder: Path) -> Path:
    return write_zip(folder / "digits.zip", {"../../outside.png": b""})


def text_in_cells(folder: Path) -> Path:
    path = write_csv(folder / "train.csv", TRAIN.images, TRAIN.labels)
    path.write_text(path.read_text().replace("\n5,", "\nfive,"))
    return path


def empty_cells(folder: Path) -> Path:
    path = write_csv(folder / "train.csv", TRAIN.images, TRAIN.labels)
    path.write_text(path.read_text().replace(",0,", ",,", 1))
    return path


def infinite_pixel(folder: Path) -> Path:
    images = np.where(np.arange(len(TRAIN.images))[:, None, None] == 7, np.inf, TRAIN.images)
    np.savez(folder / "mnist.npz", x_train=images, y_train=TRAIN.labels)
    return folder / "mnist.npz"


def infinite_label(folder: Path) -> Path:
    labels = np.where(np.arange(len(TRAIN.labels)) == 7, np.inf, TRAIN.labels)
    np.savez(folder / "mnist.npz", x_train=TRAIN.images, y_train=labels)
    return folder / "mnist.npz"


def infinite_label_in_csv(folder: Path) -> Path:
    labels = np.where(np.arange(len(TRAIN.labels)) == 7, np.inf, TRAIN.labels)
    return write_csv(folder / "train.csv", TRAIN.images, labels)


def few_columns(folder: Path) -> Path:
    (folder / "train.csv").write_text("a,b,c\n1,2,3\n")
    return folder / "train.csv"


def two_tables(folder: Path) -> Path:
    for name in ("train.csv", "training.csv"):
        write_csv(folder / name, TRAIN.images, TRAIN.labels)
    return folder


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (scaled_to_16, r"mnist\.npz: x_train: The grey values range from 0 to 15, .*multiply them by 17"),
        (other_arrays, "weights.npz has the arrays first, second, expected x_train, y_train, x_test and y_test"),
        (objects, "x.npy is not a readable file of arrays .*Python objects"),
        (html, "train-images-idx3-ubyte is an HTML page"),
        (saved_page, "mnist.npz is an HTML page, expected a data set"),
        (names_out, r"contains a file '../../outside.png' outside of it"),
        (text_in_cells, "train.csv is not a table of numbers with 785 columns .*five"),
        (empty_cells, "train.csv has empty cells"),
        (infinite_pixel, r"mnist\.npz: x_train: The grey values contain NaN or infinity"),
        (infinite_label, r"y_train contains float64 \[\d+\], expected whole numbers"),
        (infinite_label_in_csv, "train.csv has labels that are not whole numbers"),
        (few_columns, "train.csv has 3 columns, expected 784 grey values"),
        (two_tables, r"several tables for the train part \(.*train\.csv, .*training\.csv\)"),
    ],
)
def test_other_files_are_named_for_what_they_are(make: Callable[[Path], Path], sentence: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=sentence) as refusal:
        read(make(tmp_path), test_fraction=0.2)
    assert "\n" not in str(refusal.value)


def test_a_class_too_small_for_both_parts_is_named(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "train.csv", TRAIN.images, np.minimum(np.arange(120), 1))
    with pytest.raises(ValueError, match=r"Class 0 has 1 .*archive\.test_fraction=0\.25 puts 0 into the test part"):
        read(path, test_fraction=0.25)


def test_the_label_of_black_and_white_images_is_found(tmp_path: Path) -> None:
    ink = np.where(TRAIN.images > 127, 255, 0)
    for last in (False, True):
        found = read(write_csv(tmp_path / "train.csv", ink, TRAIN.labels, header=False, last=last), test_fraction=0.25)
        labels = np.concatenate([found.train.labels, found.test.labels])
        assert np.bincount(labels).tolist() == np.bincount(TRAIN.labels).tolist()


def test_an_array_on_another_scale_is_named(tmp_path: Path) -> None:
    np.save(four_arrays(tmp_path) / "x_test.npy", TEST.images // 16)
    with pytest.raises(ValueError, match=r"x_test\.npy.*: The grey values range from 0 to 15, expected values from 0"):
        read(tmp_path)


def test_a_parquet_table_may_contain_lists_of_grey_values(tmp_path: Path) -> None:
    for part, digits in (("train", TRAIN), ("test", TEST)):
        cells = [image.ravel().tolist() for image in digits.images]
        pq.write_table(pa.table({"image": cells, "label": digits.labels}), tmp_path / f"{part}.parquet")
    assert read(tmp_path).fingerprint == SET.fingerprint
