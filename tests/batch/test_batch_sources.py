import contextlib
import errno
import gzip
import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from mnist_growth.batch import folder as folder_module
from mnist_growth.batch import image_file, open_source
from mnist_growth.digits.idx import write_images

READABLE = ["0.png", "4.png", "b/1.png", "b/5.png", "b/deeper/2.png", "blank.png", "large.jpg", "ä/3.png"]


def test_a_folder_is_read_in_the_order_of_its_names(folder):
    pictures = list(open_source(str(folder)))

    assert [picture.name for picture in pictures if picture.pixels is not None] == READABLE
    assert {picture.name for picture in pictures if picture.pixels is None} == {"notes.txt", "empty.png", "b/cut.png"}
    assert all(bool(picture.error) == (picture.pixels is None) for picture in pictures)
    assert len(open_source(str(folder))) == len(pictures) == 11


@pytest.fixture(params=["folder", "zip", "file", "npy", "csv", "parquet", "transposed"])
def several(request, folder, digits, tmp_path):
    """Twelve files, rows or entries of each kind of source; a file and a cell have several images."""
    pages = [Image.fromarray(digit) for digit in digits[:3]]
    pages[0].save(folder / "pages.tif", save_all=True, append_images=pages[1:])
    table = {f"pixel{number}": digits[:12].reshape(12, -1)[:, number] for number in range(784)}
    match request.param:
        case "folder":
            return open_source(folder)
        case "zip":
            return open_source(shutil.make_archive(str(tmp_path / "all"), "zip", folder))
        case "file":
            return open_source(folder / "pages.tif")
        case "csv":
            pd.DataFrame(table).to_csv(tmp_path / "table.csv", index=False)
            return open_source(tmp_path / "table.csv")
        case "parquet":
            cells = [*((folder / "0.png").read_bytes() for _ in range(11)), (folder / "pages.tif").read_bytes()]
            pq.write_table(pa.table({"image": cells}), tmp_path / "table.parquet")
            return open_source(tmp_path / "table.parquet")
    # alone, the first image would look like fractions from 0 to 1
    np.save(tmp_path / "array.npy", digits[:12] * np.linspace(1 / 255, 1, 12)[:, None, None])
    return open_source(tmp_path / "array.npy", transposed=request.param == "transposed")


@pytest.mark.parametrize("size", [1, 5, 100])
def test_sections_together_are_the_whole_source(several, size):
    sections = [several.section(start, start + size) for start in range(0, len(several), size)]
    parts = [picture for section in sections for picture in section]

    assert [(part.name, part.error) for part in parts] == [(picture.name, picture.error) for picture in several]
    for part, picture in zip(parts, several, strict=True):
        np.testing.assert_array_equal(part.pixels, picture.pixels)


@pytest.mark.parametrize("page", [1, 2, 3, 7])
def test_the_order_of_names_does_not_depend_on_the_page_size(folder, monkeypatch, page):
    expected = [picture.name for picture in open_source(str(folder))]

    monkeypatch.setattr(folder_module, "_PAGE", page)

    assert [picture.name for picture in open_source(str(folder))] == expected


def test_links_to_folders_are_not_followed_and_those_to_files_are(folder):
    (folder / "loop").symlink_to(folder)
    (folder / "again.png").symlink_to(folder / "0.png")
    (folder / "nowhere.png").symlink_to(folder / "missing")

    pictures = {picture.name: picture for picture in open_source(str(folder))}

    assert pictures["again.png"].pixels is not None
    assert pictures["nowhere.png"].error == "The link leads to nothing"
    assert len(pictures) == 13


def test_one_bad_entry_does_not_end_a_batch(folder, monkeypatch):
    (folder / "itself.png").symlink_to("itself.png")
    os.mkfifo(folder / "pipe.png")
    (folder / "closed").mkdir()
    listed = os.scandir

    def refuse(path):
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr("mnist_growth.batch.folder.os.scandir", refuse)
    pictures = list(open_source(str(folder)))

    errors = {picture.name: picture.error for picture in pictures if picture.pixels is None}
    assert errors["itself.png"] == os.strerror(errno.ELOOP)
    assert errors["pipe.png"] == "This is not a file"
    assert errors["closed"] == "The folder cannot be read: Permission denied"
    assert [picture.name for picture in pictures if picture.pixels is not None] == READABLE
    assert len(open_source(str(folder))) == len(pictures)


@contextlib.contextmanager
def nested(folder, name, depth):
    """Nested folders, which are made and removed step by step: their paths may be too long for the system."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        for _ in range(depth):
            Path(name).mkdir()
            os.chdir(name)
        yield
        for _ in range(depth):
            os.chdir("..")
            Path(name).rmdir()
    finally:
        os.chdir(before)


def test_folders_may_be_nested_beyond_the_longest_path(folder):
    with nested(folder, "d" * 100, depth=60):
        pictures = list(open_source(str(folder)))

    [failed] = [picture for picture in pictures if picture.name.startswith("ddd")]
    assert failed.error == f"The folder cannot be read: {os.strerror(errno.ENAMETOOLONG)}"
    assert [picture.name for picture in pictures if picture.pixels is not None] == READABLE


def test_folders_may_be_nested_more_deeply_than_functions(tmp_path, digits):
    with nested(tmp_path, "d", depth=1500):
        Image.fromarray(digits[0]).save("0.png")
        [picture] = open_source(str(tmp_path))
        Path("0.png").unlink()

    assert picture.name == "/".join([*"d" * 1500, "0.png"])
    assert picture.pixels is not None


def test_a_folder_that_is_removed_meanwhile_is_named(folder):
    pictures = iter(open_source(str(folder)))
    shutil.rmtree(folder)

    with pytest.raises(ValueError, match=f"{folder} no longer exists: it was removed while its images were read"):
        next(pictures)


def test_a_pipe_is_no_source(tmp_path):
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(ValueError, match="pipe is neither a folder nor a file; give one with"):
        open_source(str(tmp_path / "pipe"))


def test_a_file_that_is_too_large_is_not_read(folder, monkeypatch):
    monkeypatch.setattr(image_file, "MAX_BYTES", 5)

    pictures = list(open_source(str(folder)))

    assert [picture.name for picture in pictures if "bytes; expected at most 5" in picture.error] != []


def test_a_name_that_is_not_utf8_is_escaped(folder):
    (folder / "0.png").rename(os.fsdecode(os.fsencode(folder) + b"/\xff.png"))

    assert "\\xff.png" in [picture.name for picture in open_source(str(folder))]


def test_the_reason_for_an_unreadable_file_is_reported(folder, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(folder_module, "_content", refuse)

    assert {picture.error for picture in open_source(str(folder))} == {"Permission denied"}


@pytest.mark.parametrize("packed", [False, True])
def test_images_of_an_idx_file(tmp_path, digits, packed):
    path = tmp_path / "images"
    write_images(path, digits)
    if packed:
        path.write_bytes(gzip.compress(path.read_bytes()))

    source = open_source(str(path))

    assert len(source) == 30
    assert [picture.name for picture in source] == [str(position) for position in range(30)]
    assert np.array_equal([picture.pixels for picture in source], digits)


@pytest.mark.parametrize("kind", ["files", "structs", "bytes", "lists", "nested lists"])
def test_images_of_a_parquet_table(tmp_path, digits, folder, kind):
    content = (folder / "0.png").read_bytes()
    cells = {
        "files": [content] * 30,
        "structs": [{"bytes": content, "path": None}] * 30,
        "bytes": [digit.tobytes() for digit in digits],
        "lists": [digit.ravel().tolist() for digit in digits],
        "nested lists": [digit.tolist() for digit in digits],
    }[kind]
    if kind == "nested lists":
        cells = [[value for row in cell for value in row] for cell in cells]
    pq.write_table(pa.table({"image": cells, "label": range(30)}), tmp_path / "digits.parquet")

    source = open_source(str(tmp_path / "digits.parquet"))

    expected = digits if kind in ("bytes", "lists", "nested lists") else digits[[0] * 30]
    assert len(source) == 30
    assert np.array_equal([picture.pixels for picture in source], expected)


def test_cells_of_a_parquet_table_without_an_image_are_reported(tmp_path):
    lists = pa.array([[1, 2], [300] * 784, None, [0] * 784], pa.list_(pa.int64()))
    pq.write_table(pa.table({"image": lists}), tmp_path / "digits.parquet")

    errors = [picture.error for picture in open_source(str(tmp_path / "digits.parquet"))]

    assert errors[0] == "The cell does not contain 784 numbers; expected the grey values of 28 x 28 pixels"
    assert errors[1].startswith("The grey values range from 300 to 300, expected values from 0 to 255")
    assert "NoneType" in errors[2]
    assert errors[3] == ""


def test_a_table_without_images_is_refused(tmp_path):
    pq.write_table(pa.table({"pixels": [1]}), tmp_path / "other.parquet")

    with pytest.raises(ValueError, match="has the columns pixels; expected one named 'image'"):
        open_source(str(tmp_path / "other.parquet"))
    pq.write_table(pa.table({f"p{number}": [1] for number in range(784)}), tmp_path / "other.parquet")
    with pytest.raises(ValueError, match="has the columns p0, p1, p2, p3, p4 and 779 more; expected"):
        open_source(str(tmp_path / "other.parquet"))


def test_a_damaged_table_is_refused(tmp_path):
    (tmp_path / "other.parquet").write_bytes(b"PAR1 and nothing else")

    with pytest.raises(ValueError, match="other.parquet is not a parquet file"):
        open_source(str(tmp_path / "other.parquet"))


def test_a_path_without_images_is_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "text").write_text("some text that is neither")

    with pytest.raises(ValueError, match=r"'predict\.folder' is null; give one with --params predict\.folder=<path>"):
        open_source(None)
    with pytest.raises(ValueError, match=r"There is no folder or file .*missing"):
        open_source(str(tmp_path / "missing"))
    with pytest.raises(ValueError, match=r"empty contains no images"):
        open_source(str(tmp_path / "empty"))
    with pytest.raises(ValueError, match="text is a text file; expected a folder or zip archive of images"):
        open_source(str(tmp_path / "text"))
