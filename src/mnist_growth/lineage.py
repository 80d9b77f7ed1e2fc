"""The network and the set of digits that a result was computed from.

A result carries its lineage where its file keeps it: a table in ``DataFrame.attrs``, a figure in ``layout.meta``, a
mapping of metrics under its own keys. ``hooks.LineageHooks`` marks the outputs of every node.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import pyarrow.parquet

from mnist_growth.machine import read_json
from mnist_growth.network import TrainedNetwork, read_header


@dataclass(frozen=True)
class Lineage:
    """What a result was computed from.

    Attributes:
        network_sha256: SHA-256 (hex) of the weights of the network; empty for a result of the digits alone.
        fingerprint: SHA-256 (hex) of the set of digits; empty where no digits were used.
    """

    network_sha256: str = ""
    fingerprint: str = ""

    def belongs_to(self, trained: TrainedNetwork, *, or_source: bool = False) -> bool:
        """Whether the result is one of this network, or of the digits that the network was trained on.

        Args:
            trained: The network.
            or_source: Whether results of the network that it was compressed from count as well.
        """
        if self.network_sha256:
            return self.network_sha256 == trained.sha256 or (or_source and self.network_sha256 == trained.source)
        return bool(self.fingerprint) and self.fingerprint == trained.fingerprint


UNKNOWN = Lineage()
"""The lineage of what carries none."""

SEVERAL_NETWORKS = "several_networks"
"""Tag of a node whose inputs may belong to several networks."""


def lineage_of(value: Any) -> Lineage:
    """Return the lineage of a result, of a trained network or of digits; ``UNKNOWN`` for anything else."""
    if isinstance(value, TrainedNetwork):
        return Lineage(value.sha256, value.fingerprint)
    if isinstance(value, pd.DataFrame):
        return _read(value.attrs)
    if isinstance(value, go.Figure):
        return _read(value.layout.meta)
    return _read(value if isinstance(value, Mapping) else getattr(value, "__dict__", {}))


def lineage_of_file(path: Path) -> Lineage:
    """Return the lineage of a result in a parquet, JSON or safetensors file, without reading tables or tensors.

    Raises:
        OSError: The file cannot be read.
        ValueError: The file is damaged.
    """
    if path.suffix == ".parquet":
        metadata = pyarrow.parquet.read_schema(path).metadata or {}
        return _read(_inner(json.loads(metadata.get(b"pandas", b"{}")), "attributes"))
    if path.suffix == ".json":
        content = read_json(path)
        is_figure = isinstance(content, Mapping) and "layout" in content
        return _read(_inner(content["layout"], "meta") if is_figure else content)
    if path.suffix == ".safetensors":
        return _read(read_header(path))
    return UNKNOWN


def common_lineage(values: Iterable[Any]) -> Lineage:
    """Return the lineage of what is computed from values: of the first network and the first digits among them."""
    found = [lineage_of(value) for value in values]
    networks = [lineage for lineage in found if lineage.network_sha256]
    digits = [lineage.fingerprint for lineage in [*networks, *found] if lineage.fingerprint]
    return Lineage(networks[0].network_sha256 if networks else "", digits[0] if digits else "")


def mark(value: Any, lineage: Lineage) -> Any:
    """Return a table, a figure or a mapping of metrics with its lineage; anything else as it is."""
    marks: dict[Any, str] = {name: digest for name, digest in asdict(lineage).items() if digest}
    if not marks:
        return value
    if isinstance(value, pd.DataFrame):
        marked = value.copy(deep=False)
        marked.attrs = {**value.attrs, **marks}
        return marked
    if isinstance(value, go.Figure):
        return go.Figure(value).update_layout(meta={**(value.layout.meta or {}), **marks})
    return {**value, **marks} if _is_metrics(value) else value


def _inner(content: Any, name: str) -> Any:
    """A value in a mapping of any content."""
    return content.get(name) if isinstance(content, Mapping) else None


def _read(content: Any) -> Lineage:
    """The lineage in a mapping of any content."""
    found = content if isinstance(content, Mapping) else {}
    named = {name: found.get(name) for name in asdict(UNKNOWN)}
    return Lineage(**{name: digest for name, digest in named.items() if isinstance(digest, str)})


def _is_metrics(value: Any) -> bool:
    """Whether it is a mapping that a JSON file holds."""
    plain = (str, int, float, bool, list, tuple, dict, type(None))
    return isinstance(value, dict) and bool(value) and all(isinstance(content, plain) for content in value.values())
