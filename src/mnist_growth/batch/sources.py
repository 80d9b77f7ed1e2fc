"""Finding out what kind of images a path leads to."""

from pathlib import Path

from mnist_growth.batch.folder import FolderSource
from mnist_growth.batch.picture import Source
from mnist_growth.batch.tables import IdxSource, ParquetSource

_PARQUET = b"PAR1"
_ASK = "give one with --params predict.folder=<path>"


def open_source(folder: str | None) -> Source:
    """Return the images that a path leads to: a folder, an IDX file or a parquet table.

    Raises:
        ValueError: There is no path, nothing where it leads to, no image in it, or a file of another kind.
        OSError: What is there cannot be read.
    """
    if folder is None:
        raise ValueError(f"predict.folder names no folder or file of images: {_ASK}")
    path = Path(folder).expanduser()
    if not path.exists():
        raise ValueError(f"There is no folder or file {path}: {_ASK}")
    source: Source
    if path.is_dir():
        source = FolderSource(path)
    else:
        with path.open("rb") as file:
            is_parquet = file.read(len(_PARQUET)) == _PARQUET
        try:
            source = ParquetSource(path) if is_parquet else IdxSource(path)
        except ValueError as error:
            raise ValueError(
                f"{error}; expected a folder of images, an IDX file of images or a parquet table"
            ) from error
    if len(source) == 0:
        raise ValueError(f"{path} holds no images: {_ASK}")
    return source
