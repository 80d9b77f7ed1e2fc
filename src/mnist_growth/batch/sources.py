"""Choice of the source of images for a path."""

from pathlib import Path

from mnist_growth.batch.folder import FolderSource
from mnist_growth.batch.picture import Source
from mnist_growth.batch.tables import IdxSource, ParquetSource

_PARQUET = b"PAR1"
_ASK = "give one with --params predict.folder=<path>"


def open_source(folder: str | None) -> Source:
    """Return the images of a folder, an IDX file or a parquet table.

    Args:
        folder: Path of the folder or file.

    Raises:
        ValueError: The path is None or does not exist, has no images, or is a file of another type.
        OSError: The folder or file cannot be read.
    """
    if folder is None:
        raise ValueError(f"Parameter 'predict.folder' is null; {_ASK}")
    path = Path(folder).expanduser()
    if not path.exists():
        raise ValueError(f"There is no folder or file {path}; {_ASK}")
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
        raise ValueError(f"{path} contains no images; {_ASK}")
    return source
