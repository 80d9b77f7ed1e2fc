"""Draw accuracy against multiply-adds for fixed and growing networks: `python -m benchmarks.growth.cost_figure`.

Writes docs/figures/growth_cost.png, and growth_cost_dark.png for dark pages. Needs the extra `png`.
"""

from collections.abc import Sequence

import plotly.graph_objects as go

from benchmarks.common.paths import PROJECT
from benchmarks.growth.equal_cost import RECIPES, Measured, fixed, read_measured
from benchmarks.growth.law import read
from mnist_growth.figures import stamp
from mnist_growth.figures.png import png_files
from mnist_growth.figures.theme import BLUE, GREEN, ORANGE, PURPLE, TEMPLATE, VERMILLION

FOLDER = PROJECT / "docs" / "figures"
NAME = "growth_cost"
WIDTHS = {256: (GREEN, "triangle-up"), 384: (PURPLE, "square"), 512: (BLUE, "circle"), 1024: (ORANGE, "cross")}
WIDTHS |= {2048: (VERMILLION, "diamond")}
"""Colour and symbol of each fixed width; a growing network has those of its final width."""

TICKS = (0.5, 1, 2, 5, 10)
"""Labelled costs, in 10^12 multiply-adds."""

AXIS = (98.5, 99.5)
"""Ends of the accuracy axis, in percent."""


def main() -> None:
    """Draw the figure in both themes."""
    figure = draw(read_measured(read()))
    for name, dark in ((NAME, False), (f"{NAME}_dark", True)):
        path = FOLDER / f"{name}.png"
        path.write_bytes(png_files({name: figure}, dark=dark)[name])
        print(f"Wrote {path}.")


def draw(trainings: Sequence[Measured]) -> go.Figure:
    """Draw the mean test accuracy against the cost: fixed widths as solid lines, growing networks as dashed ones.

    The bars are standard errors of the mean.

    Args:
        trainings: Measured trainings, in any order.
    """
    figure = go.Figure()
    for width, (color, symbol) in WIDTHS.items():
        _add(figure, fixed(trainings, width), f"{width:,} neurons per layer", color, symbol, dash="solid")
    for recipe in RECIPES:
        color, symbol = WIDTHS[recipe.last]
        _add(figure, recipe.select(trainings), f"{recipe}", color, f"{symbol}-open", dash="dash")
    counts = sorted({training.n for training in trainings})
    figure.update_layout(template=TEMPLATE, title="Accuracy at equal cost", height=520, margin={"t": 80, "b": 130})
    figure.update_xaxes(title="multiply-adds of the training (10<sup>12</sup>)", type="log")
    figure.update_xaxes(tickvals=[number * 1e12 for number in TICKS], ticktext=[f"{number:g}" for number in TICKS])
    figure.update_yaxes(title="test accuracy (%)", range=AXIS)
    provenance = f"MNIST, three hidden layers · mean of {' or '.join(map(str, counts))} networks and its standard error"
    return stamp(figure, provenance)


def _add(figure: go.Figure, trainings: Sequence[Measured], name: str, color: str, symbol: str, *, dash: str) -> None:
    """Add a line through trainings of one kind."""
    figure.add_scatter(
        x=[training.multiply_adds for training in trainings],
        y=[training.accuracy for training in trainings],
        error_y={"type": "data", "array": [training.deviation / training.n**0.5 for training in trainings]},
        name=name,
        mode="lines+markers",
        line={"color": color, "dash": dash, "width": 2},
        marker={"symbol": symbol, "size": 9, "color": color, "line": {"color": color, "width": 2}},
    )


if __name__ == "__main__":
    main()
