"""The loss on a plane through the parameters, as contours and as a relief, and the path of a training on it."""

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from mnist_growth.figures.history import short_widths
from mnist_growth.figures.theme import (
    BLUE,
    GREEN,
    GREY,
    GRID,
    INK,
    LEGEND_BELOW,
    PAPER,
    SEQUENTIAL,
    TEMPLATE,
    VERMILLION,
)

_EVENTS: dict[str, tuple[str, str, str, int]] = {
    "start": ("start of the training", GREY, "square", 11),
    "epoch": ("epochs", INK, "circle", 7),
    "before growth": ("before a growth", BLUE, "circle-open", 11),
    "after growth": ("after a growth", VERMILLION, "diamond", 10),
    "end": ("the network", GREEN, "star", 15),
}
"""Legend, colour, symbol and size of the points of a path, by the event."""

_RANDOM_AXES = ("relative distance along a first direction", "relative distance along a second direction")
_HEIGHT, _RELIEF_HEIGHT = 620, 640  # screen pixels
_TICKS = np.array([1, 2, 5])  # per power of ten


def loss_contours(surface: pd.DataFrame) -> go.Figure:
    """Draw the loss on a plane of random directions as contours.

    Args:
        surface: The columns ``x`` and ``y`` of a grid, and ``loss`` (nats).
    """
    figure = go.Figure(_contours(surface), layout={"template": TEMPLATE})
    figure.add_scatter(
        x=[0], y=[0], mode="markers", name="the network", showlegend=True, marker=_marker("end"), hoverinfo="skip"
    )
    figure.update_layout(
        title="Loss around the network, on two random directions", height=_HEIGHT, margin_b=LEGEND_BELOW
    )
    return _with_axes(figure, *_RANDOM_AXES)


def loss_relief(surface: pd.DataFrame) -> go.Figure:
    """Draw the loss on a plane of random directions as a surface in space.

    Args:
        surface: As for ``loss_contours``.
    """
    figure = go.Figure(_relief(surface), layout={"template": TEMPLATE})
    figure.update_layout(title="Loss around the network, as a surface", height=_RELIEF_HEIGHT)
    return _with_scene(figure, surface, "direction 1", "direction 2")


def trajectory_contours(surface: pd.DataFrame, path: pd.DataFrame, explained: tuple[float, float]) -> go.Figure:
    """Draw the path of a training over the contours of the loss on its plane.

    Args:
        surface: As for ``loss_contours``.
        path: In the order of the training, with the columns ``x``, ``y``, ``epoch``, ``event``, ``widths``, ``loss``,
            ``accuracy`` and ``distance``.
        explained: Share of the squared distances that each direction of the plane accounts for.
    """
    figure = go.Figure(_contours(surface), layout={"template": TEMPLATE})
    figure.add_scatter(
        x=path["x"].tolist(),
        y=path["y"].tolist(),
        mode="lines",
        line={"color": INK, "width": 1.5},
        hoverinfo="skip",
        showlegend=False,
    )
    for event, (name, _, _, _) in _EVENTS.items():
        shown = path[path["event"] == event]
        figure.add_scatter(
            x=shown["x"].tolist(),
            y=shown["y"].tolist(),
            name=name,
            mode="markers+text" if event == "after growth" else "markers",
            text=[short_widths(widths) for widths in shown["widths"]] if event == "after growth" else None,
            textposition="middle right",
            textfont={"color": INK, "size": 11},
            marker=_marker(event),
            customdata=shown[["epoch", "widths", "loss", "accuracy", "distance"]].to_numpy().tolist(),
            hovertemplate=f"{name}, %{{customdata[0]}} epochs completed, %{{customdata[1]}}<br>loss "
            "%{customdata[2]:.4f} nats, accuracy %{customdata[3]:.2%}<br>distance to the end "
            "%{customdata[4]:.1f}<extra></extra>",
            visible=True if len(shown) else "legendonly",
            showlegend=bool(len(shown)),
        )
    figure.update_layout(
        title="Path of the training through its growths", height=_HEIGHT + 40, margin_b=LEGEND_BELOW + 30
    )
    return _with_axes(figure, *_principal_axes(explained))


def trajectory_relief(surface: pd.DataFrame, path: pd.DataFrame) -> go.Figure:
    """Draw the path of a training in space, at the losses of its networks, with the loss on its plane as a surface.

    Args:
        surface: As for ``loss_contours``.
        path: As for ``trajectory_contours``.
    """
    figure = go.Figure(_relief(surface), layout={"template": TEMPLATE})
    colors = [_EVENTS[event][1] for event in path["event"]]
    figure.add_scatter3d(
        x=path["x"].tolist(),
        y=path["y"].tolist(),
        z=_logarithm(path["loss"]).tolist(),
        mode="lines+markers",
        line={"color": INK, "width": 4},
        marker={"color": colors, "size": 4},
        customdata=path[["epoch", "event", "widths", "loss"]].to_numpy().tolist(),
        hovertemplate="%{customdata[1]}, %{customdata[0]} epochs completed, %{customdata[2]}<br>loss "
        "%{customdata[3]:.4f} nats<extra></extra>",
        showlegend=False,
    )
    figure.update_layout(title="Path of the training on the loss, as a surface", height=_RELIEF_HEIGHT)
    return _with_scene(figure, pd.concat([surface, path]), "direction 1", "direction 2")


def nothing_to_draw(title: str, reason: str) -> go.Figure:
    """Return a figure that says why there is nothing to draw."""
    figure = go.Figure(layout={"template": TEMPLATE})
    figure.update_layout(title=title, height=240, annotations=[_sentence(reason)])
    return figure.update_xaxes(visible=False).update_yaxes(visible=False)


def _sentence(text: str) -> dict[str, Any]:
    """Text in the middle of a figure, in lines that fit a narrow screen."""
    lines, line = [], ""
    for word in text.split():
        if len(line) + len(word) > 44:
            lines.append(line)
            line = ""
        line = f"{line} {word}".strip()
    return {
        "text": "<br>".join([*lines, line]),
        "x": 0.5,
        "y": 0.5,
        "xref": "paper",
        "yref": "paper",
        "showarrow": False,
    }


def _grid(surface: pd.DataFrame) -> tuple[list[float], list[float], NDArray[np.float64]]:
    """Coordinates along both axes, and the losses [y, x]."""
    table = surface.pivot_table(index="y", columns="x", values="loss")
    return [float(x) for x in table.columns], [float(y) for y in table.index], table.to_numpy(dtype=np.float64)


def _logarithm(losses: Any) -> NDArray[np.float64]:
    """The decadic logarithm of losses; a loss of 0 is shown as 1e-6."""
    return np.asarray(np.log10(np.maximum(np.asarray(losses, dtype=np.float64), 1e-6)))


def _ticks(losses: Any) -> tuple[list[float], list[str]]:
    """Positions and texts of round losses on a logarithmic axis: at most about eight."""
    logarithms = _logarithm(losses)
    low, high = float(logarithms.min()), float(logarithms.max())
    powers = np.arange(np.floor(low), np.ceil(high) + 1)
    values = np.sort(np.outer(10**powers, _TICKS if high - low < 2.5 else _TICKS[:1]).ravel())
    inside = [value for value in values if low - 1e-9 <= np.log10(value) <= high + 1e-9]
    return [float(np.log10(value)) for value in inside], [f"{value:.3g}" for value in inside]


def _bar(losses: Any) -> dict[str, Any]:
    positions, texts = _ticks(losses)
    # Above the plot: next to it, it would take a third of a narrow figure.
    place = {"orientation": "h", "x": 0.5, "y": 1.02, "yanchor": "bottom", "len": 1.0}
    title = {"text": "loss (nats, log scale)", "side": "top"}
    return {"title": title, "tickvals": positions, "ticktext": texts, "thickness": 12, **place}


def _contours(surface: pd.DataFrame) -> go.Contour:
    x, y, losses = _grid(surface)
    return go.Contour(
        x=x,
        y=y,
        z=_logarithm(losses).tolist(),
        customdata=losses.tolist(),
        colorscale=SEQUENTIAL,
        ncontours=18,
        line={"width": 0.7, "color": GREY},
        colorbar=_bar(losses),
        hovertemplate="%{x:.3~g}, %{y:.3~g}: loss %{customdata:.4f} nats<extra></extra>",
        showlegend=False,
    )


def _relief(surface: pd.DataFrame) -> go.Surface:
    x, y, losses = _grid(surface)
    return go.Surface(
        x=x,
        y=y,
        z=_logarithm(losses).tolist(),
        customdata=losses.tolist(),
        colorscale=SEQUENTIAL,
        showscale=False,  # the vertical axis says the same
        contours={"z": {"show": True, "color": GREY, "width": 1}},
        hovertemplate="%{x:.3~g}, %{y:.3~g}: loss %{customdata:.4f} nats<extra></extra>",
    )


def _marker(event: str) -> dict[str, Any]:
    _, color, symbol, size = _EVENTS[event]
    border = {"color": color if symbol.endswith("open") else PAPER, "width": 2 if symbol.endswith("open") else 1}
    return {"color": color, "symbol": symbol, "size": size, "line": border}


def _principal_axes(explained: tuple[float, float]) -> tuple[str, str]:
    first, second = (f"{share:.0%}".replace("%", " %") for share in explained)
    return f"first principal direction ({first})", f"second principal direction ({second})"


def _with_axes(figure: go.Figure, x: str, y: str) -> go.Figure:
    figure.update_xaxes(title_text=x, showgrid=False)
    figure.update_yaxes(title_text=y, showgrid=False)
    return figure


def _with_scene(figure: go.Figure, losses: pd.DataFrame, x: str, y: str) -> go.Figure:
    """Axes in space in colours of the theme, the vertical one with round losses."""
    positions, texts = _ticks(losses["loss"])
    axis = {"color": GREY, "gridcolor": GRID, "showbackground": False, "zeroline": False}
    return figure.update_layout(
        scene={
            "xaxis": {**axis, "title": {"text": x}},
            "yaxis": {**axis, "title": {"text": y}},
            "zaxis": {**axis, "title": {"text": "loss (nats)"}, "tickvals": positions, "ticktext": texts},
            "camera": {"eye": {"x": 2.0, "y": 2.0, "z": 1.25}, "center": {"x": 0, "y": 0, "z": -0.15}},
            "aspectmode": "cube",
        },
        margin={"l": 10, "r": 10, "b": 20},
    )
