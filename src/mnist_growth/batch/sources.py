"""Choice of the source of images for a path."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from mnist_growth.batch.folder import FolderSource
from mnist_growth.batch.image_file import ImageFileSource
from mnist_growth.batch.picture import Picture, Source
from mnist_growth.batch.tables import CsvSource, ParquetSource, array_source, idx_source
from mnist_growth.batch.zip_source import ZipSource
from mnist_growth.digits.content import HEAD, Kind, content_of, recognise
from mnist_growth.digits.decoding import MAX_PIXELS
from mnist_growth.digits.orientation import is_transposed
from mnist_growth.digits.zip_file import ZipFiles

_EXPECTED = (
    "a folder or zip archive of images, an image file, an IDX file of images, a CSV or parquet table, "
    "or an npy or npz file"
)
_TABLES: frozenset[Kind] = frozenset({"idx_images", "idx_labels", "csv", "npy", "npz", "parquet"})
_FEW = 20  # files of an archive that may be tables; a larger archive is one of images


def open_source(
    folder: str | Path | None,
    transposed: bool | None = None,
    max_pixels: int = MAX_PIXELS,
    parameter: str = "predict.folder",
) -> Source:
    """Return the images of a folder or a file of any format that is recognised by its content.

    Args:
        folder: Path of the folder or file.
        transposed: Whether rows and columns of the images are swapped; None: as the name of the file says.
        max_pixels: Largest image or page in an image file, height times width.
        parameter: Name of the parameter that the path comes from, for error messages.

    Raises:
        ValueError: The path is None or does not exist, has no images, or is a file of another type.
        OSError: The folder or file cannot be read.
    """
    ask = f"give one with --params {parameter}=<path>"
    if folder is None:
        raise ValueError(f"Parameter '{parameter}' is null; {ask}")
    path = Path(folder).expanduser()
    if not path.exists():
        raise ValueError(f"There is no folder or file {path}; {ask}")
    if not (path.is_dir() or path.is_file()):
        raise ValueError(f"{path} is neither a folder nor a file; {ask}")
    source: Source = FolderSource(path, max_pixels) if path.is_dir() else _file_source(path, max_pixels, ask)
    if len(source) == 0:
        raise ValueError(f"{path} contains no images; {ask}")
    is_table = not isinstance(source, FolderSource | ImageFileSource | ZipSource)
    return _Transposed(source) if is_transposed(path.name if is_table else "", transposed) else source


def _file_source(path: Path, max_pixels: int, ask: str) -> Source:
    """Return the images of a file; ``ask`` says how to give another one."""
    content = content_of(path)
    match content.kind:
        case "idx_images":
            return idx_source(path)
        case "csv":
            return CsvSource(path)
        case "parquet" if not content.gzipped:
            return ParquetSource(path, max_pixels)
        case "npy" | "npz" if not content.gzipped:
            return array_source(path)
        case "zip":
            return _zip_source(path, max_pixels, ask)
        case "image" if not content.gzipped:
            return ImageFileSource(path, max_pixels)
    packed = ", gzipped: unpack it" if content.gzipped and content.kind != "other" else ""
    raise ValueError(f"{path} is {content.description}{packed}; expected {_EXPECTED}")


def _zip_source(path: Path, max_pixels: int, ask: str) -> Source:
    """Return the images of a zip archive, or of the only table in it."""
    files = ZipFiles(path)
    if not files.names:
        raise ValueError(f"{path} contains no files; {ask}")
    if len(files.names) > _FEW:
        return ZipSource(files, max_pixels)
    with files.opened() as archive:
        kinds = {name: recognise(files.head(archive, name, HEAD))[0] for name in files.names}
    tables = [name for name, kind in kinds.items() if kind in _TABLES or name.endswith(".gz")]
    if len(files.names) == 1 and tables:
        stack = ExitStack()
        return _Unpacked(_file_source(stack.enter_context(files.unpacked()) / tables[0], max_pixels, ask), stack)
    if tables and "image" not in kinds.values():
        raise ValueError(f"{path} contains {', '.join(files.names)}: unpack it and give one of them")
    return ZipSource(files, max_pixels)


class _Transposed:
    """A source whose rows and columns are swapped.

    Args:
        source: With the images as they are stored.
    """

    def __init__(self, source: Source) -> None:
        self._source = source

    def __len__(self) -> int:
        return len(self._source)

    def __iter__(self) -> Iterator[Picture]:
        return self.section(0, None)

    def section(self, start: int, stop: int | None) -> Iterator[Picture]:
        for picture in self._source.section(start, stop):
            yield picture if picture.pixels is None else replace(picture, pixels=picture.pixels.T.copy())


class _Unpacked:
    """A source with the temporary folder that its file lies in.

    Args:
        source: Reads the file.
        stack: Removes the folder when this object is no longer used.
    """

    def __init__(self, source: Source, stack: ExitStack) -> None:
        self._source, self._stack = source, stack

    def __len__(self) -> int:
        return len(self._source)

    def __iter__(self) -> Iterator[Picture]:
        return self.section(0, None)

    def section(self, start: int, stop: int | None) -> Iterator[Picture]:
        with self._stack:
            yield from self._source.section(start, stop)
