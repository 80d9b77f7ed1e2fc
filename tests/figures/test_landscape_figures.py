import numpy as np
import pandas as pd
import pytest

from mnist_growth import figures

SURFACE = pd.DataFrame(
    [{"x": x, "y": y, "loss": 0.02 + x**2 + 2 * y**2, "accuracy": 0.9} for y in (-1.0, 0.0, 0.5) for x in (-1.0, 2.0)]
)
PATH = pd.DataFrame(
    {
        "x": [2.0, 1.0, 1.0, 0.0],
        "y": [0.5, 0.2, 0.2, 0.0],
        "epoch": [0, 2, 2, 5],
        "event": ["start", "before growth", "after growth", "end"],
        "widths": ["8-8", "8-8", "12-8", "12-8"],
        "loss": [2.3, 0.5, 0.5, 0.02],
        "accuracy": [0.1, 0.8, 0.8, 0.99],
        "distance": [3.0, 1.1, 1.1, 0.0],
    }
)


@pytest.mark.parametrize("draw", [figures.loss_contours, figures.loss_relief])
def test_the_surface_is_drawn_with_its_rows_along_the_vertical_axis(draw):
    drawn = draw(SURFACE).data[0]

    assert list(drawn.x) == [-1, 2]
    assert list(drawn.y) == [-1, 0, 0.5]
    assert np.array(drawn.z) == pytest.approx(np.log10(SURFACE["loss"].to_numpy().reshape(3, 2)))
    assert np.array(drawn.customdata).ravel() == pytest.approx(SURFACE["loss"])


def test_the_scale_is_marked_with_round_losses_within_it():
    bar = figures.loss_contours(SURFACE).data[0].colorbar

    texts = [float(text) for text in bar.ticktext]
    assert texts == [2, 5]  # losses are from 1.02 to 6.02
    assert 10 ** np.array(bar.tickvals) == pytest.approx(texts)


def test_the_path_marks_growths_and_names_the_new_width():
    drawn = figures.trajectory_contours(SURFACE, PATH, (0.9, 0.05))

    traces = {trace.name: trace for trace in drawn.data if trace.name}
    assert list(traces["after a growth"].text) == ["12-8"]
    assert list(traces["before a growth"].x) == [1.0]
    assert list(traces["the network"].x) == [0.0]
    assert "epochs" not in {trace.name for trace in drawn.data if trace.showlegend}
    assert drawn.layout.xaxis.title.text == "first principal direction (90 %)"
    line = drawn.data[1]
    assert list(line.y) == PATH["y"].tolist()


def test_in_space_the_path_is_at_the_losses_of_its_networks():
    path = figures.trajectory_relief(SURFACE, PATH).data[1]

    assert list(path.z) == pytest.approx(np.log10(PATH["loss"]))


def test_traces_that_are_not_positive_have_no_point_on_the_logarithmic_axis():
    blocks = pd.DataFrame(
        {
            "layer": [0, 1, 1, 1],
            "group": ["output", *["hidden layer 1"] * 3],
            "born_epoch": [np.nan, 1, 4, np.nan],
            "units": [10, 8, 4, 12],
            "parameters": [90, 800, 400, 1200],
            "largest_eigenvalue": [0.1, 0.5, 0.2, 0.6],
            "trace_per_parameter": [1e-3, 2e-4, -1e-6, 1e-4],
            "trace_per_parameter_low": [0, 1e-4, -2e-6, 0],
            "trace_per_parameter_high": [2e-3, 3e-4, 1e-6, 2e-4],
        }
    )

    drawn = figures.hessian_blocks(blocks)

    layer = next(trace for trace in drawn.data if trace.name == "hidden layer 1")
    assert list(layer.x) == ["start", "4"]  # the row of the whole layer is in the table only
    assert list(layer.y) == [2e-4, None]
    assert list(drawn.layout.xaxis.categoryarray) == ["start", "4", "output"]


def test_the_spectrum_ends_below_the_density_of_one_eigenvalue_of_a_million():
    density = pd.DataFrame(
        {
            "eigenvalue": [-1.0, 0.0, 1.0],
            "density": [0.0, 10.0, 1e-6],
            "density_low": [0.0, 9.0, 0.0],
            "density_high": [0.0, 11.0, 1e-5],
        }
    )

    drawn = figures.hessian_spectrum(density)

    assert list(drawn.data[1].y) == [1e-7, 10.0, 1e-6]
    assert drawn.layout.yaxis.range[0] == pytest.approx(-7)


def test_before_and_after_a_growth_are_above_the_same_place():
    curvature = pd.DataFrame(
        {
            "epoch": [3, 3, 6, 6],
            "moment": ["before", "after"] * 2,
            "widths": ["8-8", "12-12", "12-12", "16-12"],
            "parameters": [1, 2, 2, 3],
            "largest_eigenvalue": [5.0, 6.0, 3.0, 4.0],
            "smallest_eigenvalue": [-1.0, -2.0, -1.0, -2.0],
            "trace": [9.0, 9.0, 7.0, 8.0],
            "trace_low": [8.0, 8.0, 6.0, 7.0],
            "trace_high": [10.0, 10.0, 8.0, 9.0],
        }
    )

    before, after = figures.growth_curvature(curvature).data[::3]

    assert list(before.x) == list(after.x) == ["3<br>to 12", "6<br>to 16-12"]
    assert list(before.y) == [5, 3]
    assert list(after.y) == [6, 4]


def test_a_figure_without_data_says_why_in_lines_that_fit_a_narrow_screen():
    reason = "There is no other network of the same shape that was trained on the same digits"

    drawn = figures.nothing_to_draw("Paths", reason)

    text = drawn.layout.annotations[0].text
    assert text.replace("<br>", " ") == reason
    assert max(map(len, text.split("<br>"))) <= 44
