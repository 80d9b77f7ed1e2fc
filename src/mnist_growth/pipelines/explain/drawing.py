"""The figures of the attributions."""

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from mnist_growth import figures
from mnist_growth.digits import Digits
from mnist_growth.evaluation import spread_sample
from mnist_growth.inspection.explanation import METHODS, ExplanationConfig, activation_map
from mnist_growth.machine import use_threads
from mnist_growth.network import TrainedNetwork, evaluation_mode
from mnist_growth.pipelines.explain.attributions import title_of
from mnist_growth.pipelines.explain.inputs import as_tensors, settings


@use_threads(1)
def draw_attributions(
    trained: TrainedNetwork,
    test_digits: Digits,
    mean_image: np.ndarray,
    explained_digits: pd.DataFrame,
    config: ExplanationConfig,
    provenance: str,
) -> tuple[go.Figure, go.Figure]:
    """Return the figures of the attributions of some digits, by method and by layer."""
    shown = spread_sample(explained_digits, config.shown_digits)
    given = settings(mean_image, config, trained)
    network = trained.network
    images, classes = as_tensors(test_digits, shown, trained)
    layers = range(1, len(network.unit_groups()) + 1)
    with evaluation_mode(network):
        maps = {
            METHODS[name].title: METHODS[name].attribute(network, images, classes, given).cpu().numpy()
            for name in config.attributions.methods
        }
        by_layer = [activation_map(network, images, classes, layer).cpu().numpy() for layer in layers]
    pictures = test_digits.images[shown["index"].to_numpy()]
    return (
        figures.stamp(figures.attributions(pictures, maps), provenance),
        figures.stamp(
            figures.activation_maps(
                pictures,
                np.stack(by_layer, axis=1),
                [group.label.replace(" ", "<br>", 1) for group in network.unit_groups()],
            ),
            provenance,
        ),
    )


def draw_attribution_quality(
    curves: pd.DataFrame, randomisation: pd.DataFrame, metrics: dict[str, Any], provenance: str
) -> tuple[go.Figure, go.Figure]:
    """Return the figures of deletion and insertion curves, and of attributions with random layers."""
    titles = {method: title_of(method) for method in curves["method"].unique()}
    methods = {method: title for method, title in titles.items() if method in set(randomisation["method"])}
    areas = {curve: metrics[f"{curve}_auc"] for curve in ("deletion", "insertion")}
    digits = f" · {metrics['digits']:,} explained"
    compared = f" · {metrics['randomisation_digits']:,} compared"
    return (
        figures.stamp(figures.attribution_curves(curves, titles, areas), provenance + digits),
        figures.stamp(figures.attribution_randomisation(randomisation, methods), provenance + compared),
    )
