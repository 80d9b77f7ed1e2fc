import json
import re

import numpy as np
import plotly.graph_objects as go
import plotly.offline

from html_page import Page
from mnist_growth.figures import TEMPLATE, learning_curves
from mnist_growth.figures.image_grid import image_grid
from mnist_growth.report import Section, Table, page

SECTIONS = [
    Section("first", "First & foremost", ["a <b> text"], [Table("t", "Numbers", ("a", "b"), [("1", "</script>")])]),
    Section(
        "second",
        "Second",
        figures={
            "line": go.Figure(
                go.Scatter(x=[1], y=[2], name="</script>"),
                layout={"title": {"text": "A line", "subtitle": {"text": "of <numbers><br>more"}}, "height": 400},
            )
        },
    ),
]


def data(text: str):
    return json.loads(re.search(r'<script type="application/json" id="page-data">(.*?)</script>', text, re.DOTALL)[1])


def test_the_page_embeds_the_library_once_and_loads_nothing():
    text = page("Title", SECTIONS)

    assert text.count(plotly.offline.get_plotlyjs()) == 1
    assert Page(text).loaded == ["data:,"]
    assert plotly.offline.get_plotlyjs() not in page("Title", SECTIONS[:1])


def test_texts_are_texts_and_not_markup():
    shown = Page(page("a <b> & c", SECTIONS, lead=["<i>"], warning="<u>"))

    assert shown.headings == ["a <b> & c", "First & foremost", "Second"]
    assert shown.paragraphs[:3] == ["<u>", "<i>", "a <b> text"]
    assert shown.tables == {"t": [["a", "b"], ["1", "</script>"]]}


def test_a_figure_is_drawn_without_its_title_which_is_a_caption():
    text = page("Title", SECTIONS)

    figure = data(text)["figures"]["line"]
    assert figure["data"] == [{"name": "</script>", "x": [1], "y": [2], "type": "scatter"}]
    assert "title" not in figure["layout"]
    assert figure["layout"]["height"] == 400 - (TEMPLATE.layout.margin.t - figure["layout"]["margin"]["t"])
    assert "<strong>A line</strong> <span>of &lt;numbers&gt; · more</span>" in text


def classes(**figures):
    """The class of each figure on a page with one section."""
    text = page("Title", [Section("s", "S", figures=figures)])
    return re.findall(r'<figure id="(\w+)"( class="wide-figure")?>', text)


def test_figures_are_side_by_side_unless_they_are_wide_or_single():
    small, wide = go.Figure(), go.Figure(layout={"meta": {"min_width": 760}})
    gallery = image_grid(np.zeros((4, 28, 28), np.uint8), 2)
    row = ' class="wide-figure"'

    assert classes(a=small, b=small) == [("a", ""), ("b", "")]
    assert classes(a=small, b=small, c=small) == [("a", ""), ("b", ""), ("c", row)]
    assert classes(a=small, b=wide, c=small, d=small) == [("a", row), ("b", row), ("c", ""), ("d", "")]
    rows = image_grid(np.zeros((4, 28, 28), np.uint8), 2, captions=["a"] * 4, colors=["#000000"] * 4, keep_rows=True)
    assert classes(a=rows, b=gallery, c=small) == [("a", row), ("b", ""), ("c", "")]
    assert classes(a=gallery, b=small) == [("a", ""), ("b", "")]
    assert classes(a=small, b=small, c=gallery) == [("a", ""), ("b", ""), ("c", "")]


def test_only_galleries_keep_the_width_of_the_figure():
    gallery = image_grid(np.zeros((4, 28, 28), np.uint8), 2)
    figures = {"gallery": gallery, "other": go.Figure(layout={"width": 680})}

    layouts = {
        name: entry["layout"]
        for name, entry in data(page("T", [Section("s", "S", figures=figures)]))["figures"].items()
    }

    assert layouts["gallery"]["width"] == gallery.layout.width
    assert "width" not in layouts["other"]


def test_tables_with_many_rows_and_details_are_collapsed():
    rows = [("1", "2")] * 12
    tables = [Table("short", "S", ("a", "b"), rows), Table("long", "L", ("a", "b"), [*rows, ("3", "4")])]
    tables.append(Table("detail", "D", ("a", "b"), rows[:1], is_detail=True))

    assert re.findall(r"<summary>(.*?)</summary>", page("Title", [Section("s", "S", tables=tables)])) == [
        "L (13 rows)",
        "D (1 row)",
    ]


def test_labels_above_the_axes_keep_their_room(history):
    def top(figure):
        return data(page("Title", [Section("s", "S", figures={"f": figure})]))["figures"]["f"]["layout"]["margin"]["t"]

    assert top(learning_curves(history)) > top(learning_curves(history.assign(grew=False)))
