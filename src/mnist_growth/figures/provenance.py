"""Where the numbers of a figure come from, written on the figure itself."""

from collections.abc import Sequence

import plotly.graph_objects as go


def stamp(figure: go.Figure, provenance: str) -> go.Figure:
    """Return a copy of a figure with the provenance as its subtitle.

    Args:
        figure: Any figure of this package.
        provenance: One line that names the dataset, how many digits and which network; built by the caller.
    """
    stamped = go.Figure(figure)
    stamped.update_layout(title={"subtitle": {"text": provenance}})
    return stamped


def describe_network(widths: Sequence[int], epochs: int) -> str:
    """Return what a network is for a reader: "512-512-512 after 18 epochs"."""
    return f"{'-'.join(map(str, widths))} after {epochs:,} epochs"


def describe_dataset(dataset: str, requested: str) -> str:
    """Return the name of a dataset for a reader, with what it stands in for when it is not the one asked for."""
    if dataset == requested:
        return dataset
    return f"{dataset} (fallback: {requested} could not be fetched)"
