"""The figures of a sweep show the numbers of its tables."""

import pandas as pd

from mnist_growth import figures


def test_a_response_has_a_plot_for_each_parameter_with_means_and_intervals():
    columns = ("validation_accuracy", "test_accuracy", "seconds", "peak_rss_bytes")
    rows = [
        {"parameter": name, "value": value, "trainings": trainings}
        | {f"{column}{end}": number for column in columns for end, number in (("", 5e8), ("_low", 4e8), ("_high", 7e8))}
        for name, value, trainings in (("rate", 0.001, 3), ("rate", 0.01, 3), ("rate", 0.1, 0), ("batch", 64, 2))
    ]
    means = pd.DataFrame(rows)

    accuracy, memory = (figures.sweep_response(means, measure) for measure in ("accuracy", "memory"))

    assert [(trace.name, trace.xaxis) for trace in accuracy.data] == [
        ("validation", "x"),
        ("test", "x"),
        ("validation", "x2"),
        ("test", "x2"),
    ]
    rate, batch = memory.data
    assert (list(rate.x), list(rate.y)) == ([0.001, 0.01], [500, 500])
    assert (list(batch.error_y.array), list(batch.error_y.arrayminus)) == ([200], [100])
    assert (memory.layout.xaxis.type, memory.layout.xaxis2.type) == ("log", "linear")
    assert list(memory.layout.xaxis.ticktext) == ["0.001", "0.01"]


def test_a_heat_map_has_the_accuracy_of_each_pair_and_leaves_missing_ones_empty():
    pairs = pd.DataFrame(
        [("rate", "batch", 0.001, 64, 0.9), ("rate", "batch", 0.002, 64, 0.95), ("rate", "batch", 0.001, 128, 0.8)],
        columns=["first", "second", "first_value", "second_value", "validation_accuracy"],
    )

    [heatmap] = figures.sweep_pairs(pairs).data

    assert (list(heatmap.x), list(heatmap.y)) == (["0.001", "0.002"], ["64", "128"])
    assert [list(row) for row in heatmap.text] == [["90.00", "95.00"], ["80.00", ""]]


def test_without_pairs_there_is_a_sentence():
    empty = pd.DataFrame(columns=["first", "second", "first_value", "second_value", "validation_accuracy"])

    assert "No pair" in figures.sweep_pairs(empty).layout.annotations[0].text


def test_importance_has_bars_for_each_measure_of_its_table():
    table = pd.DataFrame(
        [("training.batch_size", "seconds", 0.75), ("growth.growth_rate", "seconds", 0.2)],
        columns=["parameter", "measure", "importance"],
    )

    [bars] = figures.importance(table).data

    assert (bars.name, list(bars.y), list(bars.text)) == ("time", ["batch size", "growth rate"], ["75 %", "20 %"])
