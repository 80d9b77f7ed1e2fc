"""The figures of continual learning show the numbers of its tables."""

import pandas as pd

from mnist_growth import figures

TASKS = pd.DataFrame(
    [("permuted", "ewc", 1, 1, 0.9), ("permuted", "ewc", 2, 1, 0.8), ("permuted", "ewc", 2, 2, 0.7)],
    columns=["scenario", "method", "tasks_trained", "task", "accuracy"],
)


def averages():
    rows = [("ewc", 1, 0.9), ("ewc", 2, 0.75), ("joint", 2, 0.95)]
    return pd.DataFrame(
        [
            {
                "scenario": "permuted",
                "method": method,
                "tasks_trained": trained,
                "seeds": 2,
                "accuracy": accuracy,
                "accuracy_low": accuracy - 0.1,
                "accuracy_high": accuracy + 0.2,
            }
            for method, trained, accuracy in rows
        ]
    )


def test_joint_training_is_a_line_across_the_averages_of_the_others():
    ewc, joint = figures.continual_accuracy(averages(), ["permuted"], ["ewc", "replay", "joint"]).data
    assert (ewc.name, list(ewc.y)) == ("ewc", [0.9, 0.75])
    assert (round(ewc.error_y.array[0], 3), round(ewc.error_y.arrayminus[0], 3)) == (0.2, 0.1)
    assert (list(joint.x), list(joint.y)) == ([1, 2], [0.95, 0.95])


def test_every_method_has_a_heat_map_with_empty_cells_for_later_tasks():
    both = pd.concat([TASKS, TASKS.assign(method="naive", accuracy=0.5)])
    figure = figures.continual_matrix(both, ["permuted"], ["naive", "ewc", "joint"])
    naive, ewc = figure.data
    assert (list(ewc.x), list(ewc.y)) == ([1, 2], [1, 2])
    assert [list(line) for line in ewc.text] == [["90", ""], ["80", "70"]]
    assert (naive.zmax, ewc.zmax) == (0.5, 0.5)
    assert [note.text for note in figure.layout.annotations] == ["naive", "ewc"]


def test_joint_training_alone_has_no_heat_map():
    figure = figures.continual_matrix(TASKS.assign(method="joint"), ["permuted"], ["joint"])
    assert not figure.data
    assert "Only joint training" in figure.layout.annotations[0].text
