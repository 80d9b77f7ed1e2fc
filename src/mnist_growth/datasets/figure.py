"""Figures in the catalog."""

from kedro_datasets._typing import PlotlyPreview
from kedro_datasets.plotly import JSONDataset

from mnist_growth.figures.preview import preview


class FigureDataset(JSONDataset):  # type: ignore[misc]  # kedro-datasets has no types
    """A plotly figure in a JSON file, with a preview that is readable in both themes of Kedro-Viz."""

    def preview(self) -> PlotlyPreview:
        """Return the figure as Kedro-Viz shows it."""
        return PlotlyPreview(preview(super().preview()))
