"""The curvature of the loss: its spectrum, its blocks, and what growths do to it."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from mnist_growth.figures.group_names import group_names
from mnist_growth.figures.history import short_widths
from mnist_growth.figures.intervals import error_bars
from mnist_growth.figures.theme import (
    BLUE,
    GREY,
    LEGEND_BELOW,
    PALE_BLUE,
    SERIES_COLORS,
    SERIES_SYMBOLS,
    TEMPLATE,
    VERMILLION,
)

_FLOOR = 1e-8  # of the highest density: that of less than one eigenvalue of a million


def hessian_spectrum(density: pd.DataFrame) -> go.Figure:
    """Draw the density of the eigenvalues of the Hessian with its interval, on a logarithmic axis.

    Args:
        density: The columns ``eigenvalue``, ``density``, ``density_low`` and ``density_high``.
    """
    floor = _FLOOR * float(density["density"].max())
    x = density["eigenvalue"].tolist()
    figure = go.Figure(layout={"template": TEMPLATE})
    figure.add_scatter(
        x=[*x, *x[::-1]],
        y=[
            *density["density_high"].clip(lower=floor).tolist(),
            *density["density_low"].clip(lower=floor).tolist()[::-1],
        ],
        mode="lines",
        line={"width": 0},
        fill="toself",
        fillcolor=PALE_BLUE,
        hoverinfo="skip",
        name="95 % interval",
    )
    figure.add_scatter(
        x=x,
        y=density["density"].clip(lower=floor).tolist(),
        mode="lines",
        line={"color": BLUE, "width": 2},
        name="density of the eigenvalues",
        hovertemplate="eigenvalue %{x:.3~g}: density %{y:.3~g}<extra></extra>",
    )
    figure.add_vline(x=0, line={"color": GREY, "width": 1, "dash": "dash"})
    figure.update_layout(title="Spectrum of the Hessian", height=460, margin_b=LEGEND_BELOW)
    figure.update_xaxes(title_text="eigenvalue (nats)")
    decades = [np.log10(floor), np.log10(2 * float(density["density_high"].max()))]
    figure.update_yaxes(title_text="density (log scale)", type="log", exponentformat="power", dtick=2, range=decades)
    return figure


def hessian_blocks(blocks: pd.DataFrame) -> go.Figure:
    """Draw trace per parameter and largest eigenvalue of the blocks of the Hessian against the birth of their units.

    Traces that are not positive have no point.

    Args:
        blocks: One row for each cohort, layer and the output with the columns ``layer``, ``born_epoch`` (missing for
            layers and the output), ``units``, ``parameters``, ``largest_eigenvalue``, and ``trace_per_parameter`` with
            its bounds.
    """
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.06)
    cohorts = blocks[blocks["born_epoch"].notna()]
    births = sorted(int(epoch) for epoch in cohorts["born_epoch"].unique())
    output = blocks[blocks["layer"] == 0]
    groups = [(name, cohorts[cohorts["layer"] == layer]) for layer, name in group_names(cohorts).items()]
    for index, (name, rows) in enumerate([*groups, ("output", output)]):
        births_of_rows = [_birth(epoch) for epoch in rows["born_epoch"]]
        style = {
            "color": SERIES_COLORS[index % len(SERIES_COLORS)],
            "symbol": SERIES_SYMBOLS[index % len(SERIES_SYMBOLS)],
            "size": 8,
        }
        for panel, column in enumerate(("trace_per_parameter", "largest_eigenvalue"), start=1):
            figure.add_scatter(
                x=births_of_rows,
                y=[value if value > 0 else None for value in rows[column]],  # a log scale cannot show others
                error_y=error_bars(rows, column) if panel == 1 else None,
                name=name,
                legendgroup=name,
                showlegend=panel == 1,
                mode="lines+markers",
                line={"color": style["color"], "width": 2},
                marker=style,
                customdata=rows[["units", "parameters"]].to_numpy().tolist(),
                hovertemplate=f"{name}, %{{customdata[0]}} units, %{{customdata[1]:,}} parameters, first epoch: %{{x}}"
                f"<br>{column.replace('_', ' ')}: %{{y:.3~g}} nats<extra></extra>",
                row=panel,
                col=1,
            )
    order = [*(_birth(epoch) for epoch in births), "output"]
    figure.update_xaxes(type="category", categoryorder="array", categoryarray=order)
    figure.update_xaxes(title_text="first epoch with these units", row=2, col=1)
    ticks = {"type": "log", "dtick": 1, "exponentformat": "power"}
    figure.update_yaxes(title_text="trace per parameter", **ticks, row=1, col=1)
    figure.update_yaxes(title_text="largest eigenvalue", **ticks, row=2, col=1)
    figure.update_layout(
        template=TEMPLATE, title="Curvature by layer and growth", height=640, margin_b=LEGEND_BELOW, showlegend=True
    )
    return figure


def _birth(epoch: float) -> str:
    """The first epoch of units, as the axis names it."""
    if np.isnan(epoch):
        return "output"
    return "start" if epoch == 1 else str(int(epoch))


def growth_curvature(curvature: pd.DataFrame) -> go.Figure:
    """Draw loss, extreme eigenvalues and trace of the Hessian just before and just after each growth.

    Args:
        curvature: Two rows for each growth with the columns ``epoch``, ``moment`` ("before" or "after"), ``widths``,
            ``largest_eigenvalue``, ``smallest_eigenvalue`` and ``trace`` with its bounds.
    """
    panels = (
        ("largest_eigenvalue", "largest eigenvalue"),
        ("smallest_eigenvalue", "smallest eigenvalue"),
        ("trace", "trace (95 % interval)"),
    )
    figure = make_subplots(rows=3, cols=1, shared_xaxes=True, vertical_spacing=0.05)
    for name, color, symbol in (("before", BLUE, "circle"), ("after", VERMILLION, "diamond")):
        rows = curvature[curvature["moment"] == name]
        growths = [f"{epoch}<br>to {short_widths(widths)}" for epoch, widths in _growths(curvature)]
        for panel, (column, _) in enumerate(panels, start=1):
            figure.add_scatter(
                x=growths,
                y=rows[column].tolist(),
                error_y=error_bars(rows, column) if column == "trace" else None,
                name=f"just {name} the growth",
                legendgroup=name,
                showlegend=panel == 1,
                mode="markers",
                marker={"color": color, "symbol": symbol, "size": 10},
                customdata=rows[["widths", "parameters"]].to_numpy().tolist(),
                hovertemplate=f"just {name} the growth, %{{customdata[0]}}, %{{customdata[1]:,}} parameters: "
                "%{y:.4~g} nats<extra></extra>",
                row=panel,
                col=1,
            )
    for panel, (_, title) in enumerate(panels, start=1):
        figure.update_yaxes(title_text=title, row=panel, col=1)
    figure.update_xaxes(type="category")
    figure.update_xaxes(title_text="epochs completed, and new width", row=3, col=1)
    figure.update_layout(
        template=TEMPLATE,
        title="Curvature before and after each growth",
        height=760,
        margin_b=LEGEND_BELOW + 20,
        showlegend=True,
    )
    return figure


def _growths(curvature: pd.DataFrame) -> list[tuple[int, str]]:
    """Epoch and new widths of each growth."""
    after = curvature[curvature["moment"] == "after"]
    return list(zip(after["epoch"].tolist(), after["widths"].tolist(), strict=True))
