import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from mnist_growth.digits import measure_style, sample_digits
from mnist_growth.evaluation import style_differences, style_effects, style_measures


@pytest.fixture(scope="module")
def style():
    return pd.DataFrame(vars(measure_style(sample_digits().test.images)))


@pytest.fixture(scope="module")
def wrong():
    return np.random.default_rng(3).random(500) < 0.1


def test_quantile_groups_match_pandas(style, wrong):
    table = style_effects(style[["thickness"]], wrong, 4)

    expected = pd.qcut(style["thickness"], 4, labels=False)
    for row in table.itertuples():
        members = (expected == row.group - 1).to_numpy()
        assert (row.examples, row.errors) == (members.sum(), (members & wrong).sum())
        values = style["thickness"][members]
        assert (row.smallest, row.median, row.largest) == (values.min(), values.median(), values.max())
        assert row.error_rate == pytest.approx(wrong[members].mean())
        interval = proportion_confint(row.errors, row.examples, method="wilson")
        assert (row.error_rate_low, row.error_rate_high) == pytest.approx(interval)


def test_every_digit_is_in_one_group_of_every_measure(style, wrong):
    table = style_effects(style_measures(style), wrong, 5)

    totals = table.groupby("measure")[["examples", "errors"]].sum()
    assert (totals["examples"] == 500).all()
    assert (totals["errors"] == wrong.sum()).all()
    for _, groups in table.groupby("measure"):
        assert (groups["largest"].to_numpy()[:-1] < groups["smallest"].to_numpy()[1:]).all()


def test_counts_are_grouped_by_their_values():
    counts = pd.DataFrame({"components": [1, 1, 1, 2, 3, 5]})

    table = style_effects(counts, np.array([False, False, True, True, False, True]), 5)

    assert table["smallest"].tolist() == [1, 2, 3]
    assert table["largest"].tolist() == [1, 2, 5]
    assert table["examples"].tolist() == [3, 1, 2]
    assert table["errors"].tolist() == [1, 1, 1]


def test_undefined_measures_are_omitted():
    measures = pd.DataFrame({"thickness": [1.0, 2.0, np.nan, 4.0]})

    assert style_effects(measures, np.ones(4, bool), 2)["examples"].sum() == 3


def test_lean_and_offset():
    style = pd.DataFrame(
        {
            "slant": [-12.0],
            "thickness": [2.0],
            "ink": [30.0],
            "left": [11],
            "width": [12],
            "top": [8],
            "height": [20],
            **{name: [1] for name in ("components", "gaps", "holes", "end_points")},
        }
    )

    [row] = style_measures(style).to_dict("records")

    assert (row["slant"], row["lean"]) == (-12, 12)
    assert row["offset"] == pytest.approx(5)  # 3 to the right, 4 down


def test_differences_match_statsmodels(style, wrong):
    table = style_differences(style, wrong).set_index("group")

    assert table.index.tolist() == ["slanted", "thick", "thin", "incomplete", "small"]
    members = {
        "slanted": style["slant"].abs().rank(pct=True) > 0.8,
        "thick": style["thickness"] > np.quantile(style["thickness"], 0.8),
        "incomplete": (style["components"] > 1) | (style["gaps"] > 0),
    }
    for name, chosen in members.items():
        row = table.loc[name]
        assert (row["examples"], row["errors"]) == (chosen.sum(), (chosen & wrong).sum())
        assert (row["other_examples"], row["other_errors"]) == ((~chosen).sum(), (~chosen & wrong).sum())
        assert row["difference"] == pytest.approx(wrong[chosen].mean() - wrong[~chosen].mean())
        interval = confint_proportions_2indep(
            row["errors"], row["examples"], row["other_errors"], row["other_examples"], method="newcomb", compare="diff"
        )
        assert (row["difference_low"], row["difference_high"]) == pytest.approx(interval)
