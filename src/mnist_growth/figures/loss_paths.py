"""The loss along paths between two networks."""

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from mnist_growth.figures.theme import BLUE, GREEN, LEGEND_BELOW, TEMPLATE, VERMILLION

_PATHS = {
    "straight": ("straight line", VERMILLION, "solid"),
    "matched": ("straight line, units matched", BLUE, "dash"),
    "curve": ("fitted curve, units matched", GREEN, "dot"),
}
"""Legend, colour and dash of each path."""


def loss_paths(paths: pd.DataFrame) -> go.Figure:
    """Draw loss and accuracy along the paths from a network (0) to another one (1).

    Args:
        paths: The columns ``path``, ``position`` (0 to 1), ``loss`` (nats) and ``accuracy`` (fraction of 1).
    """
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.06)
    for path, (name, color, dash) in _PATHS.items():
        rows = paths[paths["path"] == path]
        for panel, (column, form) in enumerate((("loss", ".4f"), ("accuracy", ".2%")), start=1):
            figure.add_scatter(
                x=rows["position"].tolist(),
                y=rows[column].tolist(),
                name=name,
                legendgroup=path,
                showlegend=panel == 1,
                mode="lines",
                line={"color": color, "width": 2.5, "dash": dash},
                hovertemplate=f"{name}, %{{x:.2f}}: {column} %{{y:{form}}}<extra></extra>",
                row=panel,
                col=1,
            )
    figure.update_layout(template=TEMPLATE, title="Loss between two networks", height=600, margin_b=LEGEND_BELOW + 30)
    figure.update_yaxes(title_text="loss (nats, log scale)", type="log", dtick="D2", tickformat=".2~g", row=1, col=1)
    figure.update_yaxes(title_text="accuracy", tickformat=".4~p", row=2, col=1)
    figure.update_xaxes(title_text="this network (0) to the other one (1)", row=2, col=1)
    return figure
