import plotly.io
import pytest

from mnist_growth import figures
from mnist_growth.figures import cost, learning_curves, memory


def marks(figure) -> list[float]:
    return [shape.x0 for shape in figure.layout.shapes]


def labels(figure) -> dict[float, str]:
    return {note.x: note.text for note in figure.layout.annotations if note.xref != "paper"}


def growth(history):
    return figures.growth(history, ["stream", "block 1"])


@pytest.mark.parametrize("draw", [learning_curves, growth, memory])
class TestEveryHistoryFigure:
    def test_growth_is_marked_before_the_first_epoch_of_the_new_width(self, draw, history):
        figure = draw(history)

        assert marks(figure) == [2.5, 4.5]
        assert labels(figure) == {2.5: "192", 4.5: "256"}

    def test_network_without_growth_has_no_mark(self, draw, history):
        history["grew"] = False

        figure = draw(history)

        assert marks(figure) == []
        assert len(figure.layout.annotations) == 0

    def test_all_growths_are_marked_and_the_last_is_labelled(self, draw, history):
        long = history.loc[[0] * 100].reset_index(drop=True)
        long["epoch"] = range(1, 101)
        long["widths"] = [f"{epoch}-{epoch}" for epoch in long["epoch"]]
        long["grew"] = long["epoch"] > 1

        figure = draw(long)

        assert marks(figure) == [epoch - 0.5 for epoch in range(2, 101)]
        assert 4 <= len(labels(figure)) <= 8
        assert labels(figure)[99.5] == "100"

    def test_a_single_epoch_can_be_drawn(self, draw, history):
        figure = draw(history.head(1))

        assert all(len(trace.x) == 1 for trace in figure.data)

    def test_figure_round_trips_through_json(self, draw, history):
        figure = draw(history)

        assert plotly.io.from_json(figure.to_json()) == figure

    def test_history_is_not_modified(self, draw, history):
        before = history.copy()

        draw(history)

        assert history.equals(before)


def test_learning_curves_show_the_columns_of_the_history(history):
    curves = {(trace.name, trace.yaxis): list(trace.y) for trace in learning_curves(history).data}

    assert curves == {
        ("training", "y"): history["train_loss"].tolist(),
        ("training", "y2"): history["train_accuracy"].tolist(),
        ("validation", "y"): history["validation_loss"].tolist(),
        ("validation", "y2"): history["validation_accuracy"].tolist(),
    }


def test_growth_shows_width_parameters_loss_and_accuracy(history):
    lines = {trace.name: list(trace.y) for trace in growth(history).data}

    assert lines == {
        "each group of units": [128, 128, 192, 192, 256, 256, 256],
        "parameters": history["parameters"].tolist(),
        "training loss": history["train_loss"].tolist(),
        "validation loss": history["validation_loss"].tolist(),
        "validation accuracy": history["validation_accuracy"].tolist(),
    }


def test_layers_of_unequal_width_have_separate_lines(history):
    history.loc[2:, "widths"] = "192-128"

    figure = growth(history)

    lines = {trace.name: list(trace.y) for trace in figure.data}
    assert lines["stream"] == [128, 128, 192, 192, 192, 192, 192]
    assert lines["block 1"] == [128] * 7
    assert labels(figure)[2.5] == "192-128"


def test_memory_is_in_megabytes_and_omits_an_unused_gpu(history):
    lines = {trace.name: list(trace.y) for trace in memory(history).data}

    assert lines == {"peak of the process": [600.0] * 7, "process (RSS)": [500.0] * 7}
    assert [trace.name for trace in memory(history.drop(columns="gpu_bytes")).data] == list(lines)


def test_memory_shows_a_used_gpu(history):
    history["gpu_bytes"] = int(3e8)

    assert {trace.name: list(trace.y) for trace in memory(history).data}["GPU"] == [300.0] * 7


def test_cost_figure_shows_accuracy_over_training_cost(history):
    history["multiply_adds"] = [1 * 10**12, 2 * 10**12, 4 * 10**12, 6 * 10**12, 9 * 10**12, 12 * 10**12, 15 * 10**12]

    figure = cost(history)

    assert list(figure.data[0].x) == pytest.approx([1, 2, 4, 6, 9, 12, 15])
    assert list(figure.data[0].y) == history["validation_accuracy"].tolist()
    assert marks(figure) == pytest.approx([2, 6])  # spent before epochs 3 and 5, which are the first of new widths
    assert list(labels(figure).values()) == ["192", "256"]


def test_near_budget_is_a_line_and_distant_budget_a_note(history):
    def budget(megabytes):
        figure = memory(history.assign(budget_bytes=int(megabytes * 1e6)))
        lines = [shape.y0 for shape in figure.layout.shapes if shape.y0 == shape.y1]
        return lines, [note.text for note in figure.layout.annotations if "budget" in note.text]

    assert budget(650) == ([650], ["budget: 650 MB"])
    assert budget(9000) == ([], ["budget: 9,000 MB,<br>15.0 times the largest value"])
