"""Growing against fixed widths at equal cost: pairs, intervals, plans, and what the README and the figure show."""

from dataclasses import replace

import pytest
from scipy import stats

from benchmarks import page
from benchmarks.growth import law, trigger
from benchmarks.growth.compare import can_run
from benchmarks.growth.cost_figure import draw
from benchmarks.growth.equal_cost import (
    RECIPES,
    TOLERANCE,
    Measured,
    difference,
    epoch_cost,
    equally_expensive,
    read_measured,
    table,
)
from benchmarks.growth.methods import GIVEN, given_plan
from benchmarks.growth.tables import best_fixed
from mnist_growth.figures import in_dark
from mnist_growth.figures.theme import IN_DARK
from mnist_growth.growth.scaling_law import MEASURED
from mnist_growth.network.mlp import MLPSpec


def measured(width, *, cost, accuracy=99.0, validation_error=1.0):
    """Networks of a fixed width that cost as many multiply-adds as given."""
    return Measured((width,), (cost / epoch_cost(width),), 16, accuracy, 0.05, validation_error)


def entry(widths, epochs, test_error, validation_error):
    numbers = {"n": 16, "test_error": test_error, "test_deviation": 0.05, "validation_error": validation_error}
    return {"widths": widths, "epochs": epochs, **numbers}


def test_a_welch_test_just_rejects_the_ends_of_the_interval_of_a_difference():
    one = replace(measured(512, cost=1e12, accuracy=99.1), n=5, deviation=5.0)
    other = replace(measured(256, cost=1e12, accuracy=95.0), n=16, deviation=1.0)
    mean, low, high = (float(part.strip("[,]")) for part in difference(one, other).split())
    assert mean == pytest.approx(4.1)
    for end in (low, high):
        test = stats.ttest_ind_from_stats(99.1 - end, 5.0, 5, 95.0, 1.0, 16, equal_var=False)
        assert test.pvalue == pytest.approx(0.05, abs=0.001)


def test_only_networks_of_equal_cost_are_compared():
    costs = [1e12, 1e12 * (1 + TOLERANCE / 2), 1e12 * (1 + 2 * TOLERANCE), 1e12 * (1 - 2 * TOLERANCE)]
    assert equally_expensive([measured(256, cost=cost) for cost in costs], 1e12) == [
        measured(256, cost=cost) for cost in costs[:2]
    ]


def test_the_best_fixed_width_is_chosen_on_validation_digits():
    budget = 5 * epoch_cost(512)
    half = budget / (epoch_cost(256) + epoch_cost(512))
    text = table(
        [
            entry([512], [5.0], 1.0, 1.2),
            entry([256, 512], [half, half], 0.9, 1.1),
            entry([256], [budget / epoch_cost(256)], 0.8, 0.9),  # best on validation digits
            entry([384], [budget / epoch_cost(384)], 0.7, 1.0),  # best on test digits
            entry([128], [12.0], 0.1, 0.1),  # of another cost
        ]
    )
    (row,) = (line for line in text.splitlines() if line.startswith("| 512"))
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[:4] == ["512", "5", "99.00 %", "99.10 %"]
    assert cells[4].startswith("+0.10 [")
    assert cells[5] == "256: 99.20 %"
    assert cells[6].startswith("-0.10 [")


def test_the_table_of_the_readme_is_that_of_the_results():
    start, end = page.GROWING_MARKS
    text = page.README.read_text("utf-8").split(start)[1].split(end)[0]
    assert text.strip() == table(law.read())


def test_the_figure_tells_growing_networks_from_fixed_ones_in_both_themes():
    figure = draw(read_measured(law.read()))
    lines = {line.name: line for line in figure.data}
    assert {name for name, line in lines.items() if line.line.dash == "dash"} == {str(recipe) for recipe in RECIPES}
    for recipe in RECIPES:
        assert lines[str(recipe)].line.color == lines[f"{recipe.last:,} neurons per layer"].line.color
        assert len(lines[str(recipe)].x) >= 3
    assert len({line.line.color for line in figure.data if line.line.dash == "solid"}) == len(lines) - len(RECIPES)
    lowest, highest = figure.layout.yaxis.range
    assert all(lowest < accuracy < highest for line in figure.data for accuracy in line.y)
    assert [line.line.color for line in in_dark(figure).data] == [IN_DARK[line.line.color] for line in figure.data]


@pytest.mark.parametrize("method", GIVEN)
@pytest.mark.parametrize(("width", "epochs"), [(512, 3), (512, 5), (512, 26), (2048, 2), (2048, 8)])
def test_a_given_plan_spends_the_budget_on_narrow_epochs(method, width, epochs):
    spec, budget = MLPSpec(hidden_widths=(width,) * 3, batch_norm=True), epochs * epoch_cost(width)
    plan = given_plan(spec, law.IMAGES, budget, *GIVEN[method])
    first, share = GIVEN[method][0] * width, GIVEN[method][1]
    wide = plan.epochs - plan.narrow_epochs
    assert (plan.first, plan.last) == (first, width)
    assert plan.multiply_adds == plan.narrow_epochs * epoch_cost(plan.first) + wide * epoch_cost(width)
    assert budget - epoch_cost(plan.first) < plan.multiply_adds <= budget
    assert 0 < plan.narrow_epochs / plan.epochs - share + 1e-9 < 1 / wide


def test_a_budget_of_less_than_an_epoch_of_each_width_has_no_given_plan():
    spec = MLPSpec(hidden_widths=(512,) * 3, batch_norm=True)
    with pytest.raises(ValueError, match="does not cover one epoch with 256 and one with 512 neurons"):
        given_plan(spec, law.IMAGES, epoch_cost(512), 0.5, 0.5)


def test_fixed_networks_are_narrower_than_the_largest_width_but_not_by_too_much():
    assert [can_run(f"fixed, {width} neurons", 512) for width in (128, 384, 512, 1024)] == [True, True, False, False]
    assert [can_run(f"fixed, {width} neurons", 2048) for width in (128, 192, 256, 1024)] == [False, False, True, True]
    assert can_run("fixed", 64)


def test_the_law_that_chose_a_plan_never_prefers_a_fixed_width():
    points = [trigger.judge(width, budget, [MEASURED]) for width in (512, 2048) for budget in (3, 26)]
    assert all(point["worst_advantage"] == point["advantage"] >= 0 for point in points)
    assert points[-1]["advantage"] > 0  # it grows


def test_a_plan_that_grows_loses_where_narrow_epochs_are_worth_nothing():
    worthless = replace(MEASURED, useless_width=2048.0)
    point = trigger.judge(2048, 26, [worthless])
    assert "from epoch" in point["plan"]
    assert point["worst_advantage"] < 0 < point["advantage"]


def test_resampled_laws_differ_from_each_other_and_stay_close():
    laws = trigger.resampled_laws(law.read(), 3)
    assert len(set(laws)) == 3
    assert all(one.error(512, 20 * law.IMAGES) == pytest.approx(0.7, abs=0.1) for one in laws)


def test_a_single_fixed_width_is_not_called_the_best_one():
    wide, narrow = [{"validation_accuracy": 0.98}], [{"validation_accuracy": 0.99}]
    assert best_fixed({"fixed": wide, "grown": narrow}) == []
    assert best_fixed({"fixed": wide, "fixed, 256 neurons": narrow, "grown": wide}) is narrow
