"""Which parameters of a training matter."""

import pandas as pd
import plotly.graph_objects as go

from mnist_growth.figures.theme import LEGEND_BELOW, SERIES_COLORS, TEMPLATE

_SHARES = {
    "validation_accuracy": "validation accuracy",
    "validation_loss": "validation loss",
    "seconds": "time",
    "peak_rss_bytes": "peak memory",
}


def importance(importances: pd.DataFrame) -> go.Figure:
    """Draw the share of the variance of each measure that each parameter alone explains.

    Args:
        importances: Columns ``parameter``, ``measure`` and ``importance``; see ``studies.importances``.
    """
    figure = go.Figure(layout={"template": TEMPLATE})
    measures = [measure for measure in _SHARES if measure in set(importances["measure"])]
    for number, measure in enumerate(measures):
        name, shown = _SHARES[measure], importances[importances["measure"] == measure]
        figure.add_bar(
            x=shown["importance"].tolist(),
            y=[each.rpartition(".")[2].replace("_", " ") for each in shown["parameter"]],
            name=name,
            orientation="h",
            marker_color=SERIES_COLORS[number],
            text=[f"{100 * share:.0f} %" for share in shown["importance"]],
            textposition="outside",
            cliponaxis=False,
            hovertemplate=f"%{{y}}: %{{x:.1%}} of the variance of {name}<extra></extra>",
        )
    parameters = importances["parameter"].nunique()
    figure.update_xaxes(title_text="share of the variance", tickformat=".0%", range=[0, 1.1])
    figure.update_yaxes(autorange="reversed", showline=False, ticks="")
    return figure.update_layout(
        title="Importance of the parameters (fANOVA)",
        height=230 + 90 * max(1, parameters),
        margin_b=LEGEND_BELOW,
        showlegend=True,
    )
