"""The figures of robustness show the numbers of their tables."""

import numpy as np
import pandas as pd

from mnist_growth import figures


def test_the_table_of_corruptions_has_the_accuracy_in_each_cell_hardest_first():
    rows = [
        {"corruption": name, "severity": severity, "accuracy": base - 0.1 * severity, "correct": 1, "examples": 10}
        for name, base in (("shear", 0.95), ("glass_blur", 0.75))
        for severity in (1, 2)
    ]
    none = {"corruption": "none", "severity": 0, "accuracy": 1.0, "correct": 10, "examples": 10}
    [heatmap] = figures.corruption_accuracy(pd.DataFrame([none, *rows])).data
    assert list(heatmap.y) == ["glass blur", "shear"]
    assert list(heatmap.x) == ["1", "2"]
    assert [list(row) for row in heatmap.text] == [["65", "55"], ["85", "75"]]
    np.testing.assert_allclose(heatmap.z, [[0.35, 0.45], [0.15, 0.25]])


def test_attacks_of_one_norm_share_a_panel_and_missing_certificates_are_left_out():
    interval = {"accuracy": 0.5, "accuracy_low": 0.4, "accuracy_high": 0.6, "correct": 5, "examples": 10}
    attacks = pd.DataFrame(
        [
            {"attack": name, "epsilon": epsilon, **interval}
            for name in ("fgsm", "pgd", "transfer", "pgd_l2")
            for epsilon in (0.1, 0.3)
        ]
    )
    certified = pd.DataFrame([{"certificate": "smoothing", "epsilon": 0.1, **interval}])
    found = figures.attack_accuracy(attacks, certified)
    assert [(trace.name, trace.xaxis) for trace in found.data] == [
        ("FGSM, one step", "x"),
        ("PGD, many steps", "x"),
        ("black-box attack", "x"),
        ("PGD, many steps", "x2"),
        ("certified with smoothing", "x2"),
    ]
    assert [trace.showlegend for trace in found.data].count(True) == 4
    np.testing.assert_allclose(found.data[0].error_y.array, 0.1)


def test_the_curve_of_smallest_changes_leaves_out_digits_without_one():
    digits = pd.DataFrame({"smallest_linf": [0.2, 0.0, np.inf, 0.1], "smallest_l2": [1.0, 2.0, 3.0, 0.0]})
    linf, l2 = figures.smallest_changes(digits).data
    assert list(linf.x) == [0.0, 0.1, 0.2]
    assert list(linf.y) == [0.25, 0.5, 0.75]
    assert list(l2.y) == [0.25, 0.5, 0.75, 1.0]


def test_units_have_the_colour_of_their_layer():
    def row(part, layer, born, noise):
        return {
            "part": part,
            "layer": layer,
            "born_epoch": born,
            "noise": noise,
            "accuracy": 0.9,
            "accuracy_deviation": 0.01,
            "loss": 0.3,
            "loss_deviation": 0.1,
        }

    layers = [row("layer", name, 0, noise) for name in ("hidden.0.linear", "hidden.1.linear") for noise in (0.5, 2.0)]
    cohorts = [row("cohort", "hidden.1", born, noise) for born in (1, 4) for noise in (0.5, 2.0)]
    found = figures.weight_noise(pd.DataFrame([*layers, *cohorts]))
    first, second, units = found.data
    assert units.line.color == second.line.color != first.line.color
    assert list(units.x) == ["start", "4"]
    assert "noise 0.5" in found.layout.yaxis2.title.text
