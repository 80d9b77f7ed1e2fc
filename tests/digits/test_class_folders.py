import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import configured
from mnist_growth.digits import DigitSet, own_digits
from mnist_growth.digits.decoding import decode_image
from mnist_growth.digits.idx_set import IDX_NAMES


def read(folder: Path) -> DigitSet:
    return own_digits(folder, configured.archive())


@pytest.fixture
def image_folder(small_set: DigitSet, tmp_path: Path) -> Path:
    """The small set as PNG files in sub-folders of train/ and test/."""
    folder = tmp_path / "own"
    for part, digits in (("train", small_set.train), ("test", small_set.test)):
        for number, (image, label) in enumerate(zip(digits.images, digits.labels, strict=True)):
            path = folder / part / str(label) / f"{number:03}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(path)
    return folder


def test_class_folders_are_read_in_class_order(small_set: DigitSet, image_folder: Path) -> None:
    found = read(image_folder)
    order = np.argsort(small_set.train.labels, kind="stable")
    np.testing.assert_array_equal(found.train.images, small_set.train.images[order])
    np.testing.assert_array_equal(found.train.labels, small_set.train.labels[order])
    assert len(found.test) == 20
    assert (found.dataset, found.source) == ("folder", image_folder.name)


def test_idx_files_are_memory_mapped(small_set: DigitSet, idx_folder: Path) -> None:
    found = read(idx_folder)
    np.testing.assert_array_equal(found.test.images, small_set.test.images)
    assert isinstance(found.train.images, np.memmap)
    assert set(found.files) == set(IDX_NAMES)
    assert found.fingerprint == small_set.fingerprint


def test_colours_are_converted_to_grey_and_desktop_files_are_ignored(image_folder: Path) -> None:
    Image.new("RGB", (28, 28), (255, 0, 0)).save(image_folder / "train" / "0" / "000.png")
    (image_folder / "train" / "0" / ".DS_Store").write_text("")
    (image_folder / "train" / ".ipynb_checkpoints").mkdir()
    found = read(image_folder)
    assert len(found.train) == 30
    assert (found.train.images[0] == 76).all()  # ITU-R 601-2 luma: 0.299 * 255


def test_images_are_decoded_like_images_to_predict(image_folder: Path) -> None:
    digit = np.zeros((28, 28, 2), np.uint8)
    digit[8:20, 12:16, 1] = 255  # black ink on a transparent background
    path = image_folder / "train" / "0" / "000.png"
    Image.fromarray(digit, "LA").save(path)
    found = read(image_folder).train.images[0]
    np.testing.assert_array_equal(found, decode_image(path.read_bytes()))
    assert found[10, 14] == 0
    assert found[0, 0] == 255


def break_by_removing_idx(folder: Path) -> None:
    for path in folder.iterdir():
        shutil.rmtree(path)
    (folder / IDX_NAMES.train_images).write_bytes(b"")


def break_by_emptying(folder: Path) -> None:
    for path in (folder / "test").rglob("*.png"):
        path.unlink()


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        pytest.param(shutil.rmtree, "The folder or file .*own does not exist: set archive.path", id="no folder"),
        pytest.param(
            lambda folder: (shutil.rmtree(folder), folder.mkdir()),
            "own contains nothing, expected four IDX files .* or folders train and test",
            id="nothing in it",
        ),
        pytest.param(break_by_removing_idx, r"contains no train-labels-idx1-ubyte \(or .*gz\)", id="one IDX"),
        pytest.param(
            lambda folder: shutil.rmtree(folder / "test"),
            "own has no test part: add it, or split one off .* archive.test_fraction=0.15",
            id="no test",
        ),
        pytest.param(lambda folder: shutil.rmtree(folder / "train" / "7"), "train has no sub-folder 7", id="no seven"),
        pytest.param(
            lambda folder: (folder / "train" / "ten").mkdir(),
            "ten contains no images, expected at least one of each class",
            id="not a digit",
        ),
        pytest.param(
            lambda folder: (folder / "test" / "ten").mkdir(),
            "test has a sub-folder named 'ten', expected only the classes 0, 1, .*, 9",
            id="class without training",
        ),
        pytest.param(break_by_emptying, "sub-folders of .*test contain no images", id="no images"),
        pytest.param(
            lambda folder: (folder / "train" / "3" / "bad.png").write_text("no image"),
            "bad.png is not a readable image",
            id="no image",
        ),
        pytest.param(
            lambda folder: (folder / "train" / "3" / "cut.png").write_bytes(
                (folder / "train" / "3" / "003.png").read_bytes()[:200]
            ),
            "cut.png is not a readable image",
            id="cut image",
        ),
        pytest.param(
            lambda folder: Image.new("L", (28, 29)).save(folder / "test" / "1" / "tall.png"),
            "contains images of 28 x 29 pixels, expected 28 x 28: scale them with --params archive.resize=true",
            id="28 x 29",
        ),
    ],
)
def test_invalid_folder_layout_is_rejected(damage, sentence: str, image_folder: Path) -> None:  # type: ignore[no-untyped-def]
    damage(image_folder)
    with pytest.raises(ValueError, match=sentence) as refusal:
        read(image_folder)
    assert "\n" not in str(refusal.value)
