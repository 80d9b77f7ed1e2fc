"""Errors about the content of a file, which name the file."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kedro.io.core import DatasetError


@contextmanager
def naming_file(path: Path) -> Iterator[None]:
    """Name a file in the errors that Kedro's datasets and their libraries raise about its content.

    Errors of the operating system and a lack of memory pass unchanged: they say nothing about the content.

    Args:
        path: The file of a version.

    Raises:
        ValueError: The file is damaged or a folder.
    """
    if path.is_dir():
        raise ValueError(f"{path} is a folder, expected a file: delete this version")
    try:
        yield
    except Exception as error:
        cause = error.__cause__ if isinstance(error, DatasetError) else error
        if cause is None or isinstance(cause, MemoryError) or (isinstance(cause, OSError) and cause.errno):
            raise
        reason = "its values are nested too deeply" if isinstance(cause, RecursionError) else _first_line(cause)
        raise ValueError(
            f"{path} is damaged ({reason}): restore it from a copy, or delete this version and make it again"
        ) from cause


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
