"""A run that ends before it starts, because there is nothing to do."""


class NothingToDo(Exception):  # noqa: N818
    """Ends a run with a sentence and exit code 0."""
