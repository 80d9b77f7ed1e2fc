import pandas as pd

from mnist_growth.figures import drift_distributions, drift_windows


def test_fractions_of_training_and_current_images_are_shown_side_by_side():
    table = pd.DataFrame(
        {
            "feature": ["ink", "ink", "digit"],
            "bin": ["up to 0.1", "above 0.1", "0"],
            "training": [0.25, 0.75, 1.0],
            "current": [0.5, 0.5, 1.0],
        }
    )

    figure = drift_distributions(table)

    assert [(bar.name, list(bar.x), list(bar.y)) for bar in figure.data] == [
        ("training", ["up to 0.1", "above 0.1"], [0.25, 0.75]),
        ("current", ["up to 0.1", "above 0.1"], [0.5, 0.5]),
        ("training", ["0"], [1.0]),
        ("current", ["0"], [1.0]),
    ]
    assert [bar.showlegend for bar in figure.data] == [True, True, False, False]


def report(alarms):
    return pd.DataFrame(
        {
            "window": [1, 2],
            "first_image": [1, 501],
            "last_image": [500, 1000],
            "feature": ["ink", "ink"],
            "kl": [0.05, 0.2],
            "psi": [0.1, 0.96],
            "ks": [0.1, 0.5],
            "measure": ["psi", "ks"],
            "times_limit": [0.4, 1.1],
            "alarm": alarms,
        }
    )


def test_an_alarm_lies_above_the_limit_and_names_the_measure_that_raised_it():
    figure = drift_windows(report([False, True]))

    [line] = figure.data
    assert (list(line.x), list(line.y)) == ([1, 2], [0.4, 1.1])
    assert list(line.marker.symbol) == ["circle", "x"]
    assert [shape.y0 for shape in figure.layout.shapes] == [1]
    assert line.customdata == ([1, 500, "PSI", 0.1], [501, 1000, "KS", 0.5])


def test_message_without_images():
    figure = drift_windows(report([False, True]).head(0))

    assert [annotation.text for annotation in figure.layout.annotations] == ["No images"]
