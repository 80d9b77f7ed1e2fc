from dataclasses import asdict

import pandas as pd
import plotly.io
import pytest

from mnist_growth.figures import complexity
from mnist_growth.network import MemoryPart, MLPSpec, training_memory


@pytest.fixture
def tables():
    """The layers and the memory of a network, as a run leaves them."""
    layers = MLPSpec(hidden_widths=(32, 16), batch_norm=True).costs()
    parts = training_memory(layers, images=64, overhead=300_000_000)
    parts += [MemoryPart("sum of the formula", "", sum(part.bytes for part in parts))]
    parts += [MemoryPart("measured peak", "", 400_000_000), MemoryPart("budget", "", 9_000_000_000)]
    layers, parts = (pd.DataFrame([asdict(row) for row in rows]) for rows in (layers, parts))
    return layers.assign(name=["hidden 1", "hidden 2", "output"]), parts


def test_every_layer_and_every_part_is_drawn(tables):
    layers, parts = tables
    bars = {trace.name: trace for trace in complexity(layers, parts).data}

    assert list(bars["multiply-adds"].x) == ["hidden 1", "hidden 2", "output"]
    assert list(bars["multiply-adds"].y) == layers["training_multiply_adds"].tolist()
    assert list(bars["parameters"].y) == layers["parameters"].tolist()
    assert list(bars["stored activations"].y) == layers["activations"].tolist()
    formula = [trace.x[0] for trace in bars.values() if trace.y == ("formula",)]
    assert sum(formula) * 1e6 == pytest.approx(parts["bytes"][parts["part"] == "sum of the formula"].item())
    assert bars["measured peak"].x == (400.0,)
    assert len(formula) == 6


def test_budget_is_labelled(tables):
    figure = complexity(*tables)

    assert "the budget is 9,000 MB" in figure.to_json()


def test_figure_round_trips_through_json(tables):
    figure = complexity(*tables)

    assert plotly.io.from_json(figure.to_json()) == figure
