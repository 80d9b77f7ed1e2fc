"""The report of the drift of images from the training digits."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from mnist_growth.network import TrainedNetwork
from mnist_growth.report.content import Section
from mnist_growth.report.facts import RunFacts
from mnist_growth.report.formats import count, decimals, significant, words
from mnist_growth.report.page import page
from mnist_growth.report.sections import configuration
from mnist_growth.report.tables import Columns, described, values

_MAX_ROWS = 200  # alarms on the page
_MEASURES = {
    "kl": "KL divergence, nats",
    "psi": "population stability index, nats",
    "ks": "Kolmogorov-Smirnov distance",
}
_FEATURES: Columns = {
    "feature": ("feature", words),
    "measure": ("measure", str),
    "value": ("largest value", decimals),
    "limit": ("limit", significant),
    "times_limit": ("multiple of the limit", significant),
    "window": ("in window", count),
    "alarms": ("windows with an alarm", count),
}
_ALARMS: Columns = {
    "window": ("window", count),
    "first_image": ("first image", count),
    "last_image": ("last image", count),
    "feature": ("feature", words),
    "measure": ("measure", str),
    "value": ("value", decimals),
    "limit": ("limit", significant),
}
_EXPLANATION = (
    "Each window of consecutive images is compared with validation digits of the training set. A feature raises an "
    "alarm if one of its measures exceeds its limit; the tables show the measure that is largest in relation to its "
    "limit."
)


def drift_report(
    trained: TrainedNetwork,
    windows: pd.DataFrame,
    drawn: Mapping[str, go.Figure],
    counts: Mapping[str, int],
    provenance: str,
    parameters: Mapping[str, Any],
    facts: RunFacts,
) -> str:
    """Return the HTML page of the drift of images: by feature and by window, and how many images were predicted.

    Args:
        trained: The network that predicted the images.
        windows: Dataset ``drift_report``: one row per window and feature.
        drawn: Figures by their names.
        counts: Numbers of predictions, doubtful predictions and unreadable images, by name.
        provenance: Which images and which network.
        parameters: Parameters of the run, nested.
        facts: Other facts about the run.
    """
    return page(
        _headline(windows),
        [_drift(windows, drawn), _predictions(counts), configuration(trained, parameters, facts)],
        lead=[f"{provenance}."],
    )


def _headline(windows: pd.DataFrame) -> str:
    total, alarmed = windows["window"].nunique(), windows.loc[windows["alarm"], "window"].nunique()
    if not total:
        return "No images to compare with the training digits"
    noun = "window" if total == 1 else "windows"
    return f"Drift in {count(alarmed)} of {count(total)} {noun}" if alarmed else f"No drift in {count(total)} {noun}"


def _drift(windows: pd.DataFrame, drawn: Mapping[str, go.Figure]) -> Section:
    value = [row[row["measure"]] for row in windows.to_dict("records")]
    rows = windows.assign(value=pd.Series(value, windows.index, dtype="float64"))
    rows = rows.assign(limit=rows["value"] / rows["times_limit"], measure=rows["measure"].map(_MEASURES))
    largest = rows.loc[rows.groupby("feature", sort=False)["times_limit"].idxmax()]
    raised = largest["feature"].map(rows.groupby("feature")["alarm"].sum())
    tables = [described("drift_features", "Each feature", largest.assign(alarms=raised), _FEATURES)]
    alarms = rows[rows["alarm"]].sort_values("times_limit", ascending=False)
    paragraphs = [_EXPLANATION]
    if len(alarms):
        tables.append(described("drift_alarms", "Alarms, the largest first", alarms.head(_MAX_ROWS), _ALARMS))
    if len(alarms) > _MAX_ROWS:
        paragraphs.append(
            f"The table of alarms has the largest {count(_MAX_ROWS)} of {count(len(alarms))}; the dataset drift_report "
            "has all of them."
        )
    return Section("drift", "Drift", paragraphs, tables, drawn)


def _predictions(counts: Mapping[str, int]) -> Section:
    table = values("predictions", "Images", {words(name): count(number) for name, number in counts.items()})
    return Section("images", "Predictions", tables=[table])
