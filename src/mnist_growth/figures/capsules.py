"""The lengths of capsules, and where their votes go."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from mnist_growth.figures.class_names import short
from mnist_growth.figures.image_grid import empty_grid
from mnist_growth.figures.theme import SEQUENTIAL, TEMPLATE

_PANELS = (("digit", "digit capsule"), ("primary", "primary capsule, the oldest first"))


def capsules(lengths: pd.DataFrame, couplings: pd.DataFrame, class_names: Sequence[str]) -> go.Figure:
    """Draw the lengths of the digit and the primary capsules for some digits, and the couplings for one of them.

    Args:
        lengths: Rows with the columns ``index``, ``label``, ``layer``, ``capsule`` and ``length``; empty for a network
            without capsules.
        couplings: Rows with the columns ``index``, ``label``, ``capsule``, ``class`` and ``coupling``, of one digit.
        class_names: Names of the classes.
    """
    if lengths.empty:
        return empty_grid("This network has no capsules")
    names = [short(name) for name in class_names]
    figure = make_subplots(rows=3, cols=1, vertical_spacing=0.12)
    for row, (layer, title) in enumerate(_PANELS, start=1):
        table = lengths[lengths["layer"] == layer].pivot_table(index="label", columns="capsule", values="length")
        figure.add_heatmap(
            z=table.round(3).to_numpy().tolist(),
            x=names if layer == "digit" else None,
            y=[names[label] for label in table.index],
            coloraxis="coloraxis",
            hovertemplate=f"digit %{{y}}, {layer} capsule %{{x}}: length %{{z}}<extra></extra>",
            row=row,
            col=1,
        )
        figure.update_xaxes(title_text=title, row=row, col=1)
        figure.update_yaxes(title_text="digit", row=row, col=1)
    shares = couplings.pivot_table(index="class", columns="capsule", values="coupling")
    figure.add_heatmap(
        z=shares.round(3).to_numpy().tolist(),
        y=names,
        coloraxis="coloraxis2",
        hovertemplate="primary capsule %{x}: %{z} of its vote to %{y}<extra></extra>",
        row=3,
        col=1,
    )
    label = names[int(couplings["label"].iloc[0])]
    figure.update_xaxes(title_text=f"primary capsule, for test digit {couplings['index'].iloc[0]}", row=3, col=1)
    figure.update_yaxes(title_text="class voted for", row=3, col=1)
    figure.update_xaxes(type="category", row=1, col=1)
    figure.update_xaxes(showgrid=False)
    figure.update_yaxes(showgrid=False, type="category", autorange="reversed")
    bar = {"thickness": 14, "y": 0.68, "len": 0.62}
    figure.update_layout(
        template=TEMPLATE,
        title=f"Lengths of the capsules for one digit of each class, and couplings for a {label}",
        height=920,
        coloraxis={"colorscale": SEQUENTIAL, "cmin": 0, "cmax": 1, "colorbar": {"title": "length", **bar}},
        coloraxis2={
            "colorscale": SEQUENTIAL,
            "cmin": 0,
            "colorbar": {"title": "coupling", **bar, "y": 0.13, "len": 0.28},
        },
        meta={"min_width": 760},
    )
    return figure
