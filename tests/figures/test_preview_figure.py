"""Figures in Kedro-Viz."""

import copy
import itertools

import numpy as np
import pandas as pd
import pytest
from kedro.io import DataCatalog

from accessibility import contrast
from mnist_growth.figures import growth, sample_predictions, stamp
from mnist_growth.figures.preview import preview
from mnist_growth.figures.theme import NEUTRAL

BACKGROUNDS = {"dark": "#111111", "light": "#EEEEEE"}  # of the plots of Kedro-Viz


@pytest.fixture
def figure(history: pd.DataFrame) -> dict:
    return stamp(growth(history, ["hidden layer 1", "hidden layer 2"]), "a network").to_plotly_json()


def axes(figure: dict) -> dict[str, dict]:
    return {name: axis for name, axis in figure["layout"].items() if name[1:5] == "axis"}


def test_no_title_lies_over_the_plot_and_the_figure_is_not_changed(figure: dict) -> None:
    before = copy.deepcopy(figure)
    shown = preview(figure)
    assert "title" in figure["layout"]
    assert shown["layout"].keys().isdisjoint({"title", "template", "width", "height", "margin"})
    assert str(figure) == str(before)
    assert [trace["y"] for trace in shown["data"]] == [trace["y"] for trace in figure["data"]]


def test_all_axes_suit_both_themes(figure: dict) -> None:
    shown = axes(preview(figure))
    assert len(shown) == 8
    for axis in shown.values():
        assert axis["gridcolor"] == "rgba(128, 128, 128, 0.3)"
        assert axis["linecolor"] == axis["tickcolor"] == axis["tickfont"]["color"] == NEUTRAL
    assert min(contrast(NEUTRAL, background) for background in BACKGROUNDS.values()) > 3.5


def test_titles_of_stacked_panels_are_above_their_panels(figure: dict) -> None:
    shown = preview(figure)
    panels = {name: axis for name, axis in axes(shown).items() if name.startswith("y")}
    notes = {note["text"]: note for note in shown["layout"]["annotations"]}
    assert set(notes) == {"units", "parameters", "loss (nats, log scale)", "validation accuracy"}
    assert all("title" not in axis for axis in panels.values())
    below = sorted(axis["domain"] for axis in panels.values())
    for (_, top), (bottom, _) in itertools.pairwise(below):
        assert bottom - top > 0.05  # of the height: room for a line
    assert sorted(note["y"] for note in notes.values()) == [top for _, top in below]


def test_the_upper_panels_of_a_stack_show_no_numbers_below_them(figure: dict) -> None:
    assert figure["layout"]["xaxis"]["showticklabels"] is False
    shown = preview(figure)["layout"]["xaxis"]  # Kedro-Viz sets showticklabels for this axis
    assert (shown["tickmode"], shown["tickvals"]) == ("array", [])


def test_captions_of_images_are_small() -> None:
    images = np.zeros((4, 28, 28), np.uint8)
    rows = pd.DataFrame({"index": range(4), "label": range(4), "prediction": range(4), "confidence": 0.9})
    figure = sample_predictions(images, rows).to_plotly_json()
    shown = preview(figure)
    sizes = [trace["textfont"]["size"] for trace in shown["data"] if trace["type"] == "scatter"]
    assert sizes
    assert max(sizes) <= 8


def test_the_catalog_gives_the_preview_to_kedro_viz(tmp_path, history: pd.DataFrame) -> None:
    entry = {"type": "mnist_growth.datasets.FigureDataset", "filepath": str(tmp_path / "a_figure.json")}
    catalog = DataCatalog.from_config({"a_figure": entry})
    drawn = growth(history, ["hidden layer 1", "hidden layer 2"])
    catalog.save("a_figure", drawn)
    assert catalog.load("a_figure") == drawn
    dataset = catalog.get("a_figure")
    assert dataset.preview()["layout"].keys().isdisjoint({"title", "template"})
    assert type(dataset).preview.__annotations__["return"].__name__ == "PlotlyPreview"  # how Kedro-Viz finds it
