import pandas as pd
import plotly.graph_objects as go
import pytest

from mnist_growth.datasets import AnalysisDataset

OURS, OTHERS = (pd.DataFrame({"prediction": [1, 2], "confidence": [0.5, share]}) for share in (0.75, 0.76))


def leave(tmp_path, version, predictions, effect):
    """What an analysis leaves in a version."""
    for folder, table in (
        ("predictions.parquet", predictions),
        ("effects.parquet", pd.DataFrame({"effect": [effect]})),
    ):
        (tmp_path / folder / version).mkdir(parents=True)
        table.to_parquet(tmp_path / folder / version / folder)


@pytest.fixture
def store(tmp_path):
    names = ["effects", "effects_figure", "not_there"]
    return AnalysisDataset(
        filepath=str(tmp_path), predictions=str(tmp_path / "predictions.parquet"), names=names
    ).load()


def test_the_newest_analysis_of_the_same_predictions_is_found(store, tmp_path):
    leave(tmp_path, "1", OURS, 1)
    leave(tmp_path, "2", OURS, 2)
    leave(tmp_path, "3", OTHERS, 3)
    (tmp_path / "effects_figure.json/2").mkdir(parents=True)
    (tmp_path / "effects_figure.json/2/effects_figure.json").write_text(go.Figure(go.Bar(y=[5])).to_json())

    found = store.of(OURS)

    assert list(found) == ["effects", "effects_figure"]
    assert found["effects"]["effect"].tolist() == [2]
    assert found["effects_figure"].data[0].y == (5,)


def test_an_analysis_of_another_network_is_none(store, tmp_path):
    assert store.of(OURS) is None

    leave(tmp_path, "3", OTHERS, 3)

    assert store.of(OURS) is None
