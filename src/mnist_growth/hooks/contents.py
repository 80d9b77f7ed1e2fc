"""Naming the file in which a node does not find what it reads."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.io import AbstractVersionedDataset, DataCatalog
from kedro.pipeline import Node


class ContentHooks:
    """Explains the error of a node whose input is a table or a mapping without something that the node reads.

    Such a file was written by another version of this project, or by something else.
    """

    @hook_impl
    def on_node_error(self, error: Exception, node: Node, catalog: DataCatalog, inputs: dict[str, Any]) -> None:
        """Replace a ``KeyError`` about an input from a file with a sentence that names the file.

        Raises:
            ValueError: An input does not have the key of the error.
        """
        if not isinstance(error, KeyError) or not error.args:
            return
        key = error.args[0]
        for name, value in inputs.items():
            dataset = catalog.get(name)
            if isinstance(dataset, AbstractVersionedDataset) and dataset._version and _lacks(value, key):
                path = Path(dataset._get_load_path())
                raise ValueError(
                    f"{path} has no {key!r}, which the node {node.name} reads: make the file again, or delete this "
                    "version to use the one before"
                ) from error


def _lacks(value: Any, key: Any) -> bool:
    """Whether a value is a table or a mapping without a key."""
    import pandas as pd  # which other commands do not need

    if isinstance(value, pd.DataFrame):
        return key not in value.columns and key not in value.index
    return isinstance(value, Mapping) and key not in value
