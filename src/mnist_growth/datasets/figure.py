"""Figures in the catalog."""

from pathlib import Path

import plotly.graph_objects as go
from kedro_datasets._typing import PlotlyPreview
from kedro_datasets.plotly import JSONDataset

from mnist_growth.datasets.damage import naming_file
from mnist_growth.figures.preview import preview


class FigureDataset(JSONDataset):  # type: ignore[misc]  # kedro-datasets has no types
    """A plotly figure in a JSON file, with a preview that is readable in both themes of Kedro-Viz."""

    def load(self) -> go.Figure:
        """Read the figure.

        Raises:
            DatasetError: There is no such version.
            ValueError: The file is damaged.
        """
        with naming_file(Path(self._get_load_path())):
            return super().load()

    def preview(self) -> PlotlyPreview:
        """Return the figure as Kedro-Viz shows it."""
        return PlotlyPreview(preview(super().preview()))
