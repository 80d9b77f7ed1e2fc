"""Width, parameters, loss and accuracy of a growing network."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from mnist_growth.figures.history import label_epochs, layer_widths, mark_growth
from mnist_growth.figures.theme import BLUE, GREEN, LEGEND_BELOW, TEMPLATE, TRAINING, VALIDATION


def growth(history: pd.DataFrame, groups: Sequence[str]) -> go.Figure:
    """Draw width, number of parameters, loss and validation accuracy over the epochs, one above the other.

    A vertical line crosses all panels at each growth: the last loss of the old widths is left of the line, the first
    loss of the new widths right of it.

    Args:
        history: One row per epoch with the columns ``epoch``, ``widths``, ``grew``, ``parameters``, ``train_loss``,
            ``validation_loss`` (nats) and ``validation_accuracy`` (fraction of 1).
        groups: Names of the groups of units.
    """
    figure = make_subplots(rows=4, cols=1, shared_xaxes=True, vertical_spacing=0.04)
    epochs = history["epoch"].tolist()
    width_lines = _width_lines(history, groups)
    for name, widths, line in width_lines:
        figure.add_scatter(
            x=epochs,
            y=widths,
            name=name,
            mode="lines",
            line=line,
            showlegend=len(width_lines) > 1,
            hovertemplate="epoch %{x}: %{y} units",
            row=1,
            col=1,
        )
    figure.add_scatter(
        x=epochs,
        y=history["parameters"].tolist(),
        name="parameters",
        mode="lines",
        line={"color": GREEN, "width": 2, "shape": "hvh"},
        showlegend=False,
        hovertemplate="epoch %{x}: %{y:,} parameters",
        row=2,
        col=1,
    )
    for column, name, color, symbol in (
        ("train_loss", "training loss", TRAINING, "circle"),
        ("validation_loss", "validation loss", VALIDATION, "diamond"),
    ):
        figure.add_scatter(
            x=epochs,
            y=history[column].tolist(),
            name=name,
            mode="lines+markers",
            line={"color": color, "width": 2},
            marker={"symbol": symbol, "size": 6},
            hovertemplate="epoch %{x}: loss %{y:.4f} nats",
            row=3,
            col=1,
        )
    figure.add_scatter(
        x=epochs,
        y=history["validation_accuracy"].tolist(),
        name="validation accuracy",
        mode="lines+markers",
        line={"color": VALIDATION, "width": 2},
        marker={"symbol": "diamond", "size": 6},
        showlegend=False,  # its axis has the same title
        hovertemplate="epoch %{x}: accuracy %{y:.2%}",
        row=4,
        col=1,
    )
    figure.update_layout(template=TEMPLATE, title="Growth of the network", height=900, margin_b=LEGEND_BELOW)
    figure.update_yaxes(title_text="units", rangemode="tozero", row=1, col=1)
    figure.update_yaxes(title_text="parameters", rangemode="tozero", row=2, col=1)
    figure.update_yaxes(title_text="loss (nats, log scale)", type="log", dtick="D2", tickformat=".2~g", row=3, col=1)
    figure.update_yaxes(title_text="validation accuracy", tickformat=".4~p", row=4, col=1)
    label_epochs(figure, history)
    mark_growth(figure, history)
    return figure


def _width_lines(history: pd.DataFrame, groups: Sequence[str]) -> list[tuple[str, list[int], dict[str, object]]]:
    """Name, widths and style of each line: a single one if all groups are equally wide."""
    by_layer = [list(widths) for widths in zip(*map(layer_widths, history["widths"]), strict=True)]
    if all(widths == by_layer[0] for widths in by_layer):
        return [("each group of units", by_layer[0], {"color": BLUE, "width": 2, "shape": "hvh"})]
    dashes = ("solid", "dash", "dot", "dashdot")
    return [
        (name, widths, {"width": 2, "shape": "hvh", "dash": dashes[index % len(dashes)]})
        for index, (name, widths) in enumerate(zip(groups, by_layer, strict=True))
    ]
