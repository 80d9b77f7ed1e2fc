"""How far growth.trigger=budget is from the best fixed width: `python -m benchmarks.growth.trigger`.

For each largest width and budget, compares the plan of the trigger with the fixed width that would have been best. Both
errors are those of the scaling law. How sure the law is shows a bootstrap: the trigger keeps its plan, and laws that
are fitted to resampled measurements judge it. Saves benchmarks/results/growth_trigger.json.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from benchmarks.common import cli
from benchmarks.common.base_parameters import from_base
from benchmarks.common.circumstances import Circumstances
from benchmarks.common.results import write_results
from benchmarks.common.tables import markdown
from benchmarks.growth import law
from benchmarks.growth.equal_cost import epoch_cost
from benchmarks.growth.methods import BUDGETS
from mnist_growth.growth import BudgetPlan, GrowthConfig, affordable_plans
from mnist_growth.growth.scaling_law import ScalingLaw
from mnist_growth.network.mlp import MLPSpec

NAME = "growth_trigger"
LAWS = 500
QUICK_LAWS = 3
HEADER = ("largest width", "budget, epochs", "trigger", "best fixed width", "trigger minus best, points", "worst 5 %")


def main() -> None:
    """Judge the plans, and print a table."""
    options = cli.parser(__doc__, f"{QUICK_LAWS} laws").parse_args()
    circumstances = Circumstances.now(quick=options.quick)
    trainings = law.read()
    laws = resampled_laws(trainings, QUICK_LAWS if options.quick else LAWS)
    points = [judge(width, budget, laws) for width, budgets in BUDGETS.items() for budget in budgets]
    findings = {"laws": len(laws), "points": points}
    path = write_results(NAME, circumstances, findings, n=len(trainings), quick=options.quick)
    print(table({**findings, "n": len(trainings)}))
    print(f"\nWrote {path}.")


def resampled_laws(trainings: Sequence[Mapping[str, Any]], count: int) -> list[ScalingLaw]:
    """Fit laws to measurements whose relative errors are drawn from those of the fit (residual bootstrap).

    Args:
        trainings: Entries of scaling_law.json.
        count: Number of laws.
    """
    fitted, residuals = law.fit(trainings)
    generator = np.random.default_rng(0)
    laws = []
    for _ in range(count):
        drawn = generator.choice(residuals, len(residuals))
        resampled = [
            {**training, "validation_error": law.expected(fitted, training) * float(np.exp(-residual))}
            for training, residual in zip(trainings, drawn, strict=True)
        ]
        laws.append(law.fit(resampled)[0])
    return laws


def judge(width: int, budget: int, laws: Sequence[ScalingLaw]) -> dict[str, Any]:
    """Compare the plan of the trigger with the best fixed width.

    Args:
        width: Largest width.
        budget: Budget in epochs of that width.
        laws: Laws that judge the plan, besides the one that chose it.

    Returns:
        The plan, the best fixed width, and by how many percentage points of accuracy the plan is better than the best
        fixed width (negative: worse): predicted by the law that chose the plan, and by each of ``laws``, whose best
        fixed width may be another one.
    """
    spec = MLPSpec(hidden_widths=(width,) * 3, batch_norm=True)
    config = from_base(GrowthConfig, "growth", max_neurons=width)
    plans = affordable_plans(spec, config, law.IMAGES, budget * epoch_cost(width))
    plan = min(plans, key=lambda one: one.error)
    fixed = [one for one in plans if one.narrow_epochs == 0]
    best = min(fixed, key=lambda one: one.error)
    advantages = [min(error(other, each) for other in fixed) - error(plan, each) for each in laws]
    return {
        "width": width,
        "budget_epochs": budget,
        "plan": str(plan).partition(";")[0],
        "epochs": plan.epochs,
        "best_fixed": best.last,
        "advantage": round(best.error - plan.error, 4),
        "worst_advantage": round(float(np.quantile(advantages, 0.05)), 4),
    }


def error(plan: BudgetPlan, judged_by: ScalingLaw) -> float:
    """Return the validation error in percent that a law expects of a plan."""
    widths = [plan.first, plan.last] if plan.narrow_epochs else [plan.last]
    epochs = [plan.narrow_epochs, plan.epochs - plan.narrow_epochs][-len(widths) :]
    return law.expected(judged_by, {"widths": widths, "epochs": epochs})


def table(results: Mapping[str, Any]) -> str:
    """Format a row for each largest width and budget."""
    rows = [
        (
            point["width"],
            point["budget_epochs"],
            f"{point['plan']}, {point['epochs']} epochs",
            point["best_fixed"],
            f"{point['advantage']:+.3f}",
            f"{point['worst_advantage']:+.3f}",
        )
        for point in results["points"]
    ]
    return (
        f"{markdown(HEADER, rows)}\n\n"
        f"Predicted by the scaling law, which was fitted to {results['n']} trainings; nothing in this table was "
        f"trained. Worst 5 %: the difference is larger for 95 % of {results['laws']} laws fitted to resampled "
        "measurements, each compared with the fixed width that it predicts to be best."
    )


if __name__ == "__main__":
    main()
