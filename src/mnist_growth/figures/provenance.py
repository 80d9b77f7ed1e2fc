"""The subtitle of a figure: which digits and which network it shows."""

from collections.abc import Sequence

import plotly.graph_objects as go


def stamp(figure: go.Figure, provenance: str) -> go.Figure:
    """Set the provenance as the subtitle of a figure, and return the figure.

    Args:
        figure: Any figure of this package.
        provenance: One line with the dataset, the number of digits and the network.
    """
    return figure.update_layout(title={"subtitle": {"text": provenance}})


def describe_network(widths: Sequence[int], epochs: int) -> str:
    """Return a short description of a network: "512-512-512 after 18 epochs"."""
    return f"{'-'.join(map(str, widths))} after {epochs:,} epochs"


def describe_dataset(dataset: str, requested: str) -> str:
    """Return the name of a dataset; for a fallback, also the name of the requested one."""
    if dataset == requested:
        return dataset
    return f"{dataset} (fallback: {requested} could not be downloaded)"
