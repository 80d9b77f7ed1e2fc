"""Small parquet and npz files that declare much."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mnist_growth.batch import open_source
from mnist_growth.digits import size_budget
from mnist_growth.digits.array_file import read_arrays
from mnist_growth.digits.tables import read_tables

MANY = 2_000


@pytest.fixture(autouse=True)
def small_budget(monkeypatch):
    """So that the files of these tests can be small as well."""
    monkeypatch.setattr("mnist_growth.digits.size_budget.MIN_BUDGET", 1_000_000)


def stored(path, images, **columns):
    pq.write_table(pa.table({"image": images, **columns}), path, compression="zstd")
    return path


def repeated(rows, value=bytes(784), **_):
    """The same image in every row, stored once."""
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), pa.array([value])).cast(pa.binary())


@pytest.mark.parametrize(
    "images",
    [
        repeated(MANY),  # 1.6 MB of grey values
        pa.StructArray.from_arrays([repeated(MANY)], ["bytes"]),
        pa.ListArray.from_arrays([0, 200_000], pa.array(np.zeros(200_000, np.int64))),  # 1.6 MB in one cell
        pa.array([bytes(1_600_000)]),
    ],
    ids=["many rows", "many structs", "one long list", "one large value"],
)
def test_a_file_that_declares_far_more_than_it_has_is_refused_unread(tmp_path, images, monkeypatch):
    path = stored(tmp_path / "train.parquet", images)
    monkeypatch.setattr(pq.ParquetFile, "iter_batches", None)

    for read in (lambda: read_tables({path: "parquet"}), lambda: open_source(path)):
        with pytest.raises(ValueError, match=r"train\.parquet has .* bytes and declares .* rows that take 1,[56]"):
            read()


def test_equal_images_take_memory_once(tmp_path):
    path = stored(tmp_path / "digits.parquet", repeated(100, bytes(900_000)))

    before = pa.total_allocated_bytes()
    pictures = iter(open_source(path))
    next(pictures)

    assert pa.total_allocated_bytes() - before < 5_000_000  # not 90 MB


def test_images_that_grow_when_they_are_decoded_are_counted(tmp_path):
    from PIL import Image

    Image.new("L", (1000, 900)).save(tmp_path / "large.png")
    path = stored(tmp_path / "train.parquet", repeated(5, (tmp_path / "large.png").read_bytes()))

    with pytest.raises(ValueError, match="the images of the first 2 rows have 1,800,000 pixels; expected at most"):
        read_tables({path: "parquet"})


def test_labels_must_be_numbers_before_they_are_read(tmp_path):
    path = stored(tmp_path / "train.parquet", repeated(2), label=["0", "1"])

    with pytest.raises(ValueError, match=r"train\.parquet: label contains string, expected whole numbers"):
        read_tables({path: "parquet"})


def test_a_changed_byte_is_named(tmp_path):
    path = tmp_path / "train.parquet"
    cells = [np.random.default_rng(row).bytes(784) for row in range(3)]
    pq.write_table(pa.table({"image": cells}), path, write_page_checksum=True)
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 1
    path.write_bytes(content)

    with pytest.raises(ValueError, match=r"train\.parquet is damaged \(.*\): replace it"):
        read_tables({path: "parquet"})


def test_arrays_that_declare_far_more_than_the_file_has_are_refused(tmp_path):
    np.savez_compressed(tmp_path / "digits.npz", x_train=np.zeros((MANY, 28, 28), np.uint8))

    with pytest.raises(ValueError, match="has 1,568,.* bytes decompressed, expected at most 1,000,000 for its size"):
        read_arrays(tmp_path / "digits.npz")


def test_the_budget_grows_with_the_file(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(bytes(10_000))

    assert size_budget.size_budget(path) == size_budget.MAX_RATIO * 10_000
