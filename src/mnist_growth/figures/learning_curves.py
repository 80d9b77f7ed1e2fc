"""Loss and accuracy during a training."""

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from mnist_growth.figures.history import label_epochs, mark_growth
from mnist_growth.figures.theme import LEGEND_BELOW, TEMPLATE, TRAINING, VALIDATION

_PARTS = (("train", "training", TRAINING, "circle"), ("validation", "validation", VALIDATION, "diamond"))


def learning_curves(history: pd.DataFrame) -> go.Figure:
    """Draw loss (top) and accuracy (bottom) on the training and the validation digits over the epochs.

    Args:
        history: One row per epoch with the columns ``epoch``, ``widths``, ``grew``, ``train_loss``,
            ``validation_loss`` (nats), ``train_accuracy`` and ``validation_accuracy`` (fractions of 1).
    """
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.06)
    for prefix, name, color, symbol in _PARTS:
        style = {
            "mode": "lines+markers",
            "line": {"color": color, "width": 2},
            "marker": {"symbol": symbol, "size": 6},
            "name": name,
            "legendgroup": name,
        }
        epochs = history["epoch"].tolist()
        figure.add_scatter(
            x=epochs,
            y=history[f"{prefix}_loss"].tolist(),
            hovertemplate="epoch %{x}: loss %{y:.4f} nats",
            row=1,
            col=1,
            **style,
        )
        figure.add_scatter(
            x=epochs,
            y=history[f"{prefix}_accuracy"].tolist(),
            hovertemplate="epoch %{x}: accuracy %{y:.2%}",
            showlegend=False,
            row=2,
            col=1,
            **style,
        )
    figure.update_layout(template=TEMPLATE, title="Learning curves", height=660, margin_b=LEGEND_BELOW)
    figure.update_yaxes(title_text="loss (nats, log scale)", type="log", dtick="D2", tickformat=".2~g", row=1, col=1)
    figure.update_yaxes(title_text="accuracy", tickformat=".4~p", row=2, col=1)
    label_epochs(figure, history)
    mark_growth(figure, history)
    return figure
