import numpy as np
import pandas as pd
import pytest

from mnist_growth import figures
from mnist_growth.figures.map_grid import map_grid

RANDOM = np.random.default_rng(1)


def test_each_map_is_scaled_to_its_largest_value_and_stands_in_its_place():
    maps = RANDOM.normal(size=(2, 3, 5, 4))
    maps[1, 2] = 0
    figure = map_grid(maps, columns=["a", "b", "c"])
    [trace] = figure.data
    cells = np.array(trace.z, dtype=float)
    for row in range(2):
        for column in range(3):
            tile = cells[row * 8 : row * 8 + 5, column * 7 : column * 7 + 4]
            largest = abs(maps[row, column]).max() or 1
            assert tile == pytest.approx(np.round(100 * maps[row, column] / largest))
    assert np.isnan(cells[5:8]).all()
    assert [note.text for note in figure.layout.annotations] == ["a", "b", "c"]
    assert all(figure.layout.yaxis.range[1] < note.y < 0 for note in figure.layout.annotations)


def test_images_have_a_column_of_their_own_before_the_maps():
    images = RANDOM.integers(0, 256, (2, 5, 4), dtype=np.uint8)
    figure = map_grid(RANDOM.normal(size=(2, 1, 5, 4)), columns=["a"], images=images, captions=[["x"], ["y"]])
    grey, signed = (np.array(trace.z, dtype=float) for trace in figure.data)
    assert grey[:5, :4] == pytest.approx(images[0])
    assert np.isnan(grey[:, 4:]).all()
    assert np.isnan(signed[:, :7]).all()
    assert [note.text for note in figure.layout.annotations] == ["digit", "a", "x", "y"]


def test_curves_of_every_method_are_drawn_in_both_panels():
    rows = [
        {"method": method, "curve": curve, "share": share, "probability": value}
        for method, value in (("random_order", 0.5), ("saliency", 0.25))
        for curve in ("deletion", "insertion")
        for share in (0.0, 1.0)
    ]
    table = pd.DataFrame(rows).assign(probability_low=0.1, probability_high=0.9)
    titles = {"random_order": "random order", "saliency": "saliency"}
    areas = {curve: {"random_order": 0.5, "saliency": 0.25} for curve in ("deletion", "insertion")}
    figure = figures.attribution_curves(table, titles, areas)
    assert [(trace.name, trace.xaxis, list(trace.y)) for trace in figure.data] == [
        ("random order", "x", [0.5, 0.5]),
        ("saliency", "x", [0.25, 0.25]),
        ("random order", "x2", [0.5, 0.5]),
        ("saliency", "x2", [0.25, 0.25]),
    ]
    assert "area 0.250" in figure.data[1].hovertemplate


def test_preferred_classes_are_shares_of_the_units_of_a_growth():
    units = pd.DataFrame(
        {
            "layer": [1, 1, 1, 2],
            "group": [*["hidden layer 1"] * 3, "hidden layer 2"],
            "born_epoch": [1, 1, 4, 1],
            "preferred": [7, 3, -1, 7],
            "selectivity": [0.5, 0.25, np.nan, 1.0],
        }
    )
    figure = figures.unit_selectivity(units)
    boxes = [trace for trace in figure.data if trace.type == "box"]
    heat = [trace for trace in figure.data if trace.type == "heatmap"]
    assert [list(box.y) for box in boxes] == [[0.5, 0.25, None], [1.0]]
    assert list(heat[0].x) == ["start", "4"]
    assert list(heat[0].y) == ["3", "7"]
    assert [list(row) for row in heat[0].z] == [[0.5, 0], [0.5, 0]]
    assert list(figure.layout.yaxis3.range) == [-0.5, 1.5]


def test_a_plane_shows_class_and_confidence_of_each_point():
    grid = pd.DataFrame(
        {
            "plane": "three digits",
            "x": [0.0, 0.0, 1.0, 1.0],
            "y": [0.0, 2.0, 0.0, 2.0],
            "prediction": [3, 5, 3, 3],
            "confidence": [1.0, 0.5, 0.9, 0.8],
        }
    )
    points = pd.DataFrame({"plane": ["three digits"], "index": [8], "label": [5], "x": [0.0], "y": [2.0]})
    figure = figures.decision_planes(grid, points)
    heat, text = figure.data
    assert np.array(heat.z) == pytest.approx(np.array([[3.7, 3.63], [5.35, 3.56]]))
    assert np.array(heat.customdata) == pytest.approx(np.array([[1, 0.9], [0.5, 0.8]]))
    stops = [place for place, _ in heat.colorscale]
    assert stops == sorted(stops)
    assert (stops[0], stops[-1], heat.zmax) == (0, 1, 6)
    assert list(text.text) == ["<b>5</b>"]
    assert {note.text for note in figure.layout.annotations} == {"3", "5"}


def test_margins_of_mistakes_stand_apart_and_infinite_ones_are_left_out():
    table = pd.DataFrame(
        {
            "index": [0, 1, 2, 3],
            "label": [4, 4, 9, 4],
            "prediction": [4, 4, 4, 4],
            "margin": [0.5, np.inf, 0.1, 0.7],
            "nearest_class": [9, 9, 9, 9],
        }
    )
    right, wrong = figures.margins(table).data
    assert list(right.y) == [0.5, 0.7]
    assert list(wrong.y) == [0.1]
    assert list(wrong.hovertext) == ["test digit 2: true 9"]


def test_an_embedding_has_a_panel_for_each_layer():
    embedding = pd.DataFrame(
        {
            "layer": ["pixels", "logits"] * 2,
            "index": [0, 0, 1, 1],
            "label": [2, 2, 8, 8],
            "prediction": 2,
            "x": [1.0, 2.0, 3.0, 4.0],
            "y": 0.0,
        }
    )
    geometry = pd.DataFrame(
        {"layer": ["pixels", "logits"], "variance_x": 0.2, "variance_y": 0.1, "between_classes": [0.25, 0.75]}
    )
    figure = figures.layer_embedding(embedding, geometry)
    assert [(list(trace.x), list(trace.text)) for trace in figure.data] == [([1, 3], ["2", "8"]), ([2, 4], ["2", "8"])]
    assert "75% of all variance between classes" in figure.layout.xaxis2.title.text
