"""How much memory the training used."""

import pandas as pd
import plotly.graph_objects as go

from mnist_growth.figures.history import label_epochs, mark_growth
from mnist_growth.figures.theme import BLUE, GREEN, TEMPLATE, VERMILLION

_BYTES_PER_MEGABYTE = 1e6
_COLUMNS = (
    ("peak_rss_bytes", "peak of the process", VERMILLION, "dash"),
    ("rss_bytes", "process (RSS)", BLUE, "solid"),
    ("gpu_bytes", "GPU", GREEN, "dot"),
)


def memory(history: pd.DataFrame) -> go.Figure:
    """Draw the memory of the process, its peak and that of the GPU, where one was used, over the epochs.

    Args:
        history: One row per epoch with the columns ``epoch``, ``widths``, ``grew``, ``rss_bytes``, ``peak_rss_bytes``
            and, on a GPU, ``gpu_bytes`` (all in bytes; drawn in megabytes of 10^6 bytes).
    """
    figure = go.Figure()
    for column, name, color, dash in _COLUMNS:
        if column == "gpu_bytes" and (column not in history or not history[column].any()):
            continue
        figure.add_scatter(
            x=history["epoch"].tolist(),
            y=(history[column] / _BYTES_PER_MEGABYTE).tolist(),
            name=name,
            mode="lines+markers",
            line={"color": color, "width": 2, "dash": dash},
            marker={"size": 5},
            hovertemplate="epoch %{x}: %{y:,.0f} MB",
        )
    figure.update_layout(template=TEMPLATE, title="Memory used by the training", height=440)
    figure.update_layout(showlegend=True)
    figure.update_yaxes(title_text="memory (MB)", rangemode="tozero")
    label_epochs(figure, history)
    mark_growth(figure, history)
    return figure
