"""Forgetting and backward transfer, by hand."""

import numpy as np
import pandas as pd
import pytest

from mnist_growth.studies.continual_results import Measures, average_accuracies, forgetting_table

MATRIX = np.array([[0.8, np.nan, np.nan], [0.9, 0.7, np.nan], [0.6, 0.5, 1.0]])
"""Accuracy of task i after task t."""


def tasks(matrices, method="ewc"):
    return pd.DataFrame(
        [
            {
                "scenario": "permuted",
                "method": method,
                "seed": seed,
                "tasks_trained": trained + 1,
                "task": task + 1,
                "accuracy": matrix[trained, task],
                "validation_accuracy": 0.75 if trained == 2 else np.nan,
                "width": 10 * (trained + 1),
            }
            for seed, matrix in enumerate(matrices)
            for trained in range(3)
            for task in range(trained + 1)
        ]
    )


def test_measures_of_three_tasks():
    measures = Measures.of(MATRIX)
    assert measures.average_accuracy == pytest.approx((0.6 + 0.5 + 1.0) / 3)
    # The best accuracy of the first task was after the second one.
    assert measures.forgetting == pytest.approx(((0.9 - 0.6) + (0.7 - 0.5)) / 2)
    assert measures.backward_transfer == pytest.approx(((0.6 - 0.8) + (0.5 - 0.7)) / 2)


def test_a_task_that_became_better_at_last_has_negative_forgetting():
    better = np.array([[0.8, np.nan], [0.9, 0.7]])
    assert Measures.of(better).forgetting == pytest.approx(-0.1)
    assert Measures.of(better).backward_transfer == pytest.approx(0.1)


def test_the_table_has_means_and_intervals_over_seeds():
    [row] = forgetting_table(tasks([MATRIX, MATRIX + 0.02])).to_dict("records")
    assert (row["seeds"], row["width"], row["validation_accuracy"]) == (2, 30, pytest.approx(0.75))
    assert row["average_accuracy"] == pytest.approx(0.7 + 0.01)
    assert row["average_accuracy_low"] < 0.7 < 0.72 < row["average_accuracy_high"]
    assert row["forgetting"] == pytest.approx(0.25)


def test_joint_training_forgets_nothing():
    joint = tasks([MATRIX], "joint")
    [row] = forgetting_table(joint[joint["tasks_trained"] == 3]).to_dict("records")
    assert row["average_accuracy"] == pytest.approx(0.7)
    assert np.isnan(row["forgetting"])
    assert np.isnan(row["backward_transfer"])


def test_methods_are_in_their_usual_order():
    table = pd.concat([tasks([MATRIX], method) for method in ("replay", "growth", "ewc", "naive")])
    assert list(forgetting_table(table)["method"]) == ["naive", "ewc", "replay", "growth"]


def test_the_average_is_over_the_tasks_so_far():
    averages = average_accuracies(tasks([MATRIX, MATRIX + 0.02]))
    assert list(averages["tasks_trained"]) == [1, 2, 3]
    assert list(averages["accuracy"]) == pytest.approx([0.81, 0.81, 0.71])
    assert list(averages["seeds"]) == [2, 2, 2]
