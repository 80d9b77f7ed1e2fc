"""Errors as Kedro raises them."""

from kedro.io.core import DatasetError


def wrapped_by_kedro(error, depth=1):
    """An error of a dataset as Kedro raises it."""
    for _ in range(depth):
        try:
            raise DatasetError(f"Failed while loading data from dataset X.\n{error}") from error
        except DatasetError as wrapped:
            error = wrapped
    return error
