"""The digits of each class: their number, their mean image and its variation."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from mnist_growth.figures.class_names import named, short
from mnist_growth.figures.image_grid import image_grid
from mnist_growth.figures.theme import INK, LEGEND_BELOW, TEMPLATE, TEST, TRAINING, VALIDATION

_COLORS = {"training": TRAINING, "validation": VALIDATION, "test": TEST}


def class_balance(table: pd.DataFrame, class_names: Sequence[str] = ()) -> go.Figure:
    """Draw the share of each class in each part of the data.

    Args:
        table: Rows with the columns ``part``, ``digit``, ``examples`` and ``share`` (fraction of 1).
        class_names: Names of the classes; empty for digits.
    """
    table = named(table, class_names, "digit")
    figure = go.Figure(layout={"template": TEMPLATE})
    for part, rows in table.groupby("part", sort=False):
        figure.add_bar(
            x=rows["digit"].tolist(),
            y=rows["share"].tolist(),
            name=str(part),
            marker={"color": _COLORS.get(str(part))},
            customdata=rows["examples"].tolist(),
            hovertemplate=f"{part} digits: %{{customdata:,}} of class %{{x}}, %{{y:.2%}}<extra></extra>",
        )
    figure.update_layout(title="Class balance", height=440, barmode="group", margin={"b": LEGEND_BELOW})
    figure.update_xaxes(title_text="class" if class_names else "digit", dtick=1)
    figure.update_yaxes(title_text="share of the part", tickformat=".0%")
    return figure


def class_images(
    means: NDArray[np.float64],
    deviations: NDArray[np.float64],
    counts: NDArray[np.int64],
    class_names: Sequence[str] = (),
) -> go.Figure:
    """Draw the mean image of each class, and below it the standard deviation of each pixel.

    Args:
        means: Grey values 0 to 255, float64 of shape [K, 28, 28]; NaN for a class that does not occur.
        deviations: Standard deviations of the pixels, same shape; drawn twice as bright, because the largest possible
            one is 127.5.
        counts: Number of images of each class, int64 [K].
        class_names: Names of the classes; empty for digits.
    """
    pictures = np.concatenate([means, 2 * deviations])
    images = np.nan_to_num(pictures).clip(0, 255).round().astype(np.uint8)
    names = [short(name) for name in class_names] or list(map(str, range(len(counts))))
    captions = [f"{kind}<br>of <b>{label}</b>" for kind in ("mean", "deviation") for label in names]
    hover = [f"{count:,} images" for count in counts] * 2
    figure = image_grid(
        images, len(counts), captions=captions, colors=[INK] * len(captions), hover=hover, keep_rows=True
    )
    figure.update_layout(title="Mean and standard deviation of the training digits of each class")
    return figure
