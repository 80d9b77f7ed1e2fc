"""The metrics of the explanation."""

from typing import Any

import pandas as pd


def collect_metrics(
    attribution_metrics: dict[str, Any],
    unit_preferences: pd.DataFrame,
    cohort_conductance: pd.DataFrame,
    layer_geometry: pd.DataFrame,
    digit_margins: pd.DataFrame,
) -> dict[str, Any]:
    """Return the metrics of the attributions, and those of units, layers and margins.

    Returns:
        In addition to the metrics of ``measure_attributions``: ``median_margin`` of the correctly classified digits,
        ``margin_digits`` (their number), and by layer ``median_selectivity``, ``start_share`` (part of the units of the
        start in the contribution of the layer) and ``between_classes`` (share of the variance).
    """
    correct = digit_margins[digit_margins["label"] == digit_margins["prediction"]]
    start = cohort_conductance[cohort_conductance["born_epoch"] == 1].set_index("layer")["conductance"]
    total = cohort_conductance.groupby("layer")["conductance"].sum()
    return {
        **attribution_metrics,
        "median_margin": float(correct["margin"].median()),
        "margin_digits": len(correct),
        "median_selectivity": _by_layer(unit_preferences.groupby("layer")["selectivity"].median()),
        "start_share": _by_layer(start.reindex(total.index, fill_value=0.0) / total),
        "between_classes": layer_geometry.set_index("layer")["between_classes"].to_dict(),
    }


def _by_layer(values: "pd.Series[float]") -> dict[str, float]:
    """Return values by the names of the hidden layers."""
    return {f"hidden {layer}": float(value) for layer, value in values.items()}
