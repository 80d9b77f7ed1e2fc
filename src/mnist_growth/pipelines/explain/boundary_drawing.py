"""The figures of the decision boundary."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from mnist_growth import figures
from mnist_growth.digits import names_of
from mnist_growth.network import TrainedNetwork

_SHOWN = 10  # images of each path


def draw_boundary(
    planes: pd.DataFrame,
    points: pd.DataFrame,
    paths: pd.DataFrame,
    path_images: np.ndarray,
    margins: pd.DataFrame,
    trained: TrainedNetwork,
    provenance: str,
) -> tuple[go.Figure, go.Figure, go.Figure, go.Figure]:
    """Return the figures of the planes, of the paths, of images along them, and of the margins."""
    names = names_of(trained.class_names)
    rows = np.concatenate(
        [
            part[np.linspace(0, len(part) - 1, min(_SHOWN, len(part))).round().astype(int)]
            for part in (np.flatnonzero(paths["path"] == path) for path in paths["path"].unique())
        ]
    )
    return (
        figures.stamp(figures.decision_planes(planes, points, names), provenance),
        figures.stamp(figures.boundary_paths(paths, names), provenance),
        figures.stamp(figures.path_images(path_images[rows], paths.iloc[rows], names), provenance),
        figures.stamp(figures.margins(margins, names), f"{provenance} · {len(margins):,} measured"),
    )
