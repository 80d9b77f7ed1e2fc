"""Decision boundaries: planes, paths and margins."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from mnist_growth.figures.class_names import short
from mnist_growth.figures.image_grid import image_grid
from mnist_growth.figures.theme import (
    BLUE,
    GREEN,
    GREY,
    INK,
    LEGEND_BELOW,
    ORANGE,
    PAPER,
    PURPLE,
    SKY,
    TEMPLATE,
    VERMILLION,
)

_CLASS_COLORS = (BLUE, VERMILLION, GREEN, ORANGE, PURPLE, SKY, GREY, INK)
_FEW = 20  # digits that are drawn larger
_MAX_POINTS = 250  # digits of a plane; more would hide its regions


def decision_planes(grid: pd.DataFrame, points: pd.DataFrame, class_names: Sequence[str] = ()) -> go.Figure:
    """Draw the regions of the classes on planes, paler where the network is less confident, and digits on them.

    Args:
        grid: One row per plane and point of a square grid with the columns ``plane``, ``x``, ``y``, ``prediction`` and
            ``confidence`` (fraction of 1).
        points: Digits with the columns ``plane``, ``index``, ``label``, ``x`` and ``y``.
        class_names: Names of the classes; empty for digits.
    """
    planes = list(dict.fromkeys(grid["plane"]))
    figure = make_subplots(rows=1, cols=len(planes), horizontal_spacing=0.07)
    classes = int(max(grid["prediction"].max(), points["label"].max())) + 1
    scale = []
    for number in range(classes):
        color = _CLASS_COLORS[number % len(_CLASS_COLORS)]
        scale += [[number / classes, PAPER], [(number + 0.999) / classes, color]]
    scale.append([1, scale[-1][1]])
    for column, plane in enumerate(planes, start=1):
        cells = grid[grid["plane"] == plane]
        shown = cells.assign(value=cells["prediction"] + 0.7 * cells["confidence"])
        table = shown.pivot_table(index="y", columns="x", values="value")
        text = cells.pivot_table(index="y", columns="x", values="confidence")
        figure.add_heatmap(
            x=[float(f"{value:.4g}") for value in table.columns],
            y=[float(f"{value:.4g}") for value in table.index],
            z=table.round(3).to_numpy().tolist(),
            customdata=text.round(3).to_numpy().tolist(),
            colorscale=scale,
            zmin=0,
            zmax=classes,
            showscale=False,
            hovertemplate="confidence %{customdata:.1%}<extra></extra>",
            row=1,
            col=column,
        )
        digits = points[points["plane"] == plane]
        digits = digits.iloc[:: -(-len(digits) // _MAX_POINTS)]
        names = [short(class_names[label]) if class_names else str(label) for label in digits["label"].tolist()]
        figure.add_scatter(
            x=digits["x"].tolist(),
            y=digits["y"].tolist(),
            mode="text",
            text=[f"<b>{name[:1]}</b>" for name in names],
            textfont={"color": INK, "size": 20 if len(digits) <= _FEW else 10},
            hovertext=[f"test digit {index}: {name}" for index, name in zip(digits["index"], names, strict=True)],
            hoverinfo="text",
            showlegend=False,
            row=1,
            col=column,
        )
        for number, region in cells.groupby("prediction"):
            if len(region) >= len(cells) / 100:
                centre = region.iloc[_middle(region[["x", "y"]].to_numpy())]
                figure.add_annotation(
                    text=short(class_names[int(number)]) if class_names else str(number),
                    x=centre["x"],
                    y=centre["y"],
                    showarrow=False,
                    font={"size": 15, "color": INK},
                    bgcolor=PAPER,
                    borderpad=2,
                    opacity=0.85,
                    row=1,
                    col=column,
                )
        title = f"plane of {plane}<br>(distances; grey values 0 to 1)"
        figure.update_xaxes(title_text=title, showgrid=False, row=1, col=column)
        figure.update_yaxes(showgrid=False, row=1, col=column)
    figure.update_layout(
        template=TEMPLATE,
        title="Answers on planes through the digits (boxes: class of the region; pale: less confident)",
        height=600,
        meta={"min_width": 820},
    )
    return figure


def _middle(places: NDArray[np.floating]) -> int:
    """Return the position of the place that is nearest to the mean of all of them."""
    return int(((places - places.mean(axis=0)) ** 2).sum(axis=1).argmin())


def boundary_paths(paths: pd.DataFrame, class_names: Sequence[str] = ()) -> go.Figure:
    """Draw the probabilities of two classes along paths between them, by the distance from the first digit.

    Args:
        paths: Rows with the columns ``path``, ``from_class``, ``to_class``, ``distance``, ``from_probability`` and
            ``to_probability`` (fractions of 1).
        class_names: Names of the classes; empty for digits.
    """
    names = list(dict.fromkeys(paths["path"]))
    figure = make_subplots(rows=1, cols=len(names), shared_yaxes=True, horizontal_spacing=0.06)
    for column, path in enumerate(names, start=1):
        rows = paths[paths["path"] == path]
        for end, color in (("from", BLUE), ("to", VERMILLION)):
            number = int(rows[f"{end}_class"].iloc[0])
            name = class_names[number] if class_names else f"digit {number}"
            figure.add_scatter(
                x=rows["distance"].tolist(),
                y=rows[f"{end}_probability"].tolist(),
                name=name,
                legendgroup=end,
                showlegend=column == 1,
                mode="lines",
                line={"color": color, "width": 2.5, "dash": "solid" if end == "from" else "dash"},
                hovertemplate=f"{name}: %{{y:.1%}} at distance %{{x:.2f}}<extra></extra>",
                row=1,
                col=column,
            )
        figure.update_xaxes(title_text=f"{path}:<br>distance from the digit (grey values 0 to 1)", row=1, col=column)
    figure.update_yaxes(tickformat=".0%", range=[-0.02, 1.02])
    figure.update_yaxes(title_text="probability", row=1, col=1)
    figure.update_layout(
        template=TEMPLATE,
        title="From one digit to another class: straight line to a digit of it, and shortest path found",
        height=480,
        margin_b=LEGEND_BELOW,
        meta={"min_width": 760},
    )
    return figure


def path_images(images: NDArray[np.uint8], paths: pd.DataFrame, class_names: Sequence[str] = ()) -> go.Figure:
    """Draw images along paths, one row for each path.

    Args:
        images: Uint8 [N, 28, 28], as many for each path.
        paths: N rows with the columns ``path``, ``distance``, ``prediction`` and ``confidence`` (fraction of 1).
        class_names: Names of the classes; empty for digits.
    """
    names = [short(class_names[number]) if class_names else str(number) for number in paths["prediction"].tolist()]
    figure = image_grid(
        images,
        len(images) // paths["path"].nunique(),
        captions=[f"{name}<br>{sure:.0%}" for name, sure in zip(names, paths["confidence"], strict=True)],
        colors=[
            BLUE if prediction == start else VERMILLION
            for prediction, start in zip(paths["prediction"], paths["from_class"], strict=True)
        ],
        hover=[
            f"{path}, distance {distance:.2f}" for path, distance in zip(paths["path"], paths["distance"], strict=True)
        ],
        keep_rows=True,
    )
    return figure.update_layout(title="Images along the straight line (top) and the shortest path (bottom)")


def margins(table: pd.DataFrame, class_names: Sequence[str] = ()) -> go.Figure:
    """Draw the distance from the decision boundary by predicted class, and mistakes as points.

    Args:
        table: Rows with the columns ``index``, ``label``, ``prediction``, ``margin`` and ``nearest_class``.
        class_names: Names of the classes; empty for digits.
    """

    def named(column: pd.Series) -> list[str]:
        return [short(class_names[number]) if class_names else str(number) for number in column.tolist()]

    figure = go.Figure(layout={"template": TEMPLATE})
    finite = table[np.isfinite(table["margin"])]
    is_correct = finite["label"] == finite["prediction"]
    right, wrong = finite[is_correct], finite[~is_correct]
    figure.add_box(
        x=named(right["prediction"]),
        y=right["margin"].round(4).tolist(),
        name="correct",
        marker={"color": BLUE, "size": 3},
        line={"width": 1.5},
    )
    figure.add_scatter(
        x=named(wrong["prediction"]),
        y=wrong["margin"].round(4).tolist(),
        name="wrong",
        mode="markers",
        marker={"color": VERMILLION, "size": 9, "symbol": "x"},
        hovertext=[
            f"test digit {index}: true {true}"
            for index, true in zip(wrong["index"], named(wrong["label"]), strict=True)
        ],
        hoverinfo="text+y",
    )
    order = named(pd.Series(sorted(set(finite["prediction"].tolist()))))
    figure.update_xaxes(title_text="predicted class", type="category", categoryorder="array", categoryarray=order)
    figure.update_yaxes(title_text="margin (grey values 0 to 1)", rangemode="tozero")
    figure.update_layout(
        title="Margin: distance of the digits from the decision boundary", height=460, margin_b=LEGEND_BELOW
    )
    return figure
