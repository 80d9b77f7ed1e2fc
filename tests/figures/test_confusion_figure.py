import numpy as np
import pandas as pd
import plotly.io

from mnist_growth.figures import confusion_matrix


def table(counts) -> pd.DataFrame:
    return pd.DataFrame(counts, index=range(10), columns=[str(digit) for digit in range(10)])


def shown(figure) -> np.ndarray:
    cells = [np.array(trace.z, dtype=float) for trace in figure.data]
    assert (np.isnan(cells[0]) != np.isnan(cells[1])).all()
    return np.where(np.isnan(cells[0]), cells[1], cells[0])


def test_every_count_is_drawn_exactly_once():
    counts = np.random.default_rng(2).integers(0, 40, (10, 10))

    assert (shown(confusion_matrix(table(counts))) == counts).all()


def test_the_colours_of_the_errors_do_not_depend_on_the_diagonal():
    counts = np.eye(10, dtype=int) * 1000
    counts[4, 9] = 3

    right, errors = confusion_matrix(table(counts)).data

    assert (errors.zmin, errors.zmax) == (0, 3)
    assert len({color for _, color in right.colorscale}) == 1
    assert errors.z[4][9] == 3
    assert errors.text[4][9] == 3
    assert errors.text[9][4] == ""
    assert errors.z[4][4] is None


def test_true_digits_are_rows_from_the_top():
    figure = confusion_matrix(table(np.eye(10, dtype=int)))

    assert figure.layout.yaxis.autorange == "reversed"
    assert figure.layout.yaxis.title.text == "true digit"
    assert figure.layout.xaxis.title.text == "predicted digit"


def test_message_without_mistakes():
    def notes(counts):
        return [note.text for note in confusion_matrix(table(counts)).layout.annotations]

    assert notes(np.eye(10, dtype=int)) == ["No mistakes"]
    assert notes(np.ones((10, 10), dtype=int)) == []


def test_figure_round_trips_through_json():
    figure = confusion_matrix(table(np.arange(100).reshape(10, 10)))

    assert plotly.io.from_json(figure.to_json()) == figure
