import re

import plotly.offline

from mnist_growth.figures import growth, memory, page


def test_the_page_embeds_the_library_once_and_loads_nothing(history):
    text = page({"growth": growth(history), "memory": memory(history)}, "Run")

    assert text.count(plotly.offline.get_plotlyjs()) == 1
    assert re.findall(r"<(?:script|link|img)[^>]+(?:src|href)=", text) == []


def test_the_page_has_a_section_for_every_figure_in_order(history):
    text = page({"growth": growth(history), "memory": memory(history)}, "Run")

    assert re.findall(r'<section id="([^"]+)">', text) == ["growth", "memory"]
    assert len(re.findall(r"Plotly\.newPlot\(\s*\"(?:growth|memory)-figure\"", text)) == 2


def test_a_title_is_text_and_not_markup(history):
    text = page({"memory": memory(history)}, "a <b> & c")

    assert "<h1>a &lt;b&gt; &amp; c</h1>" in text
