"""When, where and how a network grows, or shrinks: triggers, placement, operators, widening, deepening, narrowing."""

from mnist_growth.growth.budget import BudgetPlan, affordable_plans, plan_for_budget
from mnist_growth.growth.config import GrowthConfig, OperatorName, Stage, without_growth
from mnist_growth.growth.deepening import Deepening, deepen
from mnist_growth.growth.gradient import (
    Directions,
    Probe,
    gradient_directed,
    gradient_directions,
    gradient_gain,
    gradient_values,
)
from mnist_growth.growth.growth import Operator, check_growth, operator_named, widen_together
from mnist_growth.growth.marginal import widths_within
from mnist_growth.growth.narrowing import Narrowing, accepts_constants, duplicates, entries_of, narrow
from mnist_growth.growth.operators import net2net_split, paired, random_fan_in_and_out, zero_fan_out
from mnist_growth.growth.placement import equal_width, neurons_to_add, parameters_of_a_unit
from mnist_growth.growth.plateau import is_plateau
from mnist_growth.growth.schedule import planned_widths, scheduled_neurons
from mnist_growth.growth.triggers import Moment, neurons_wanted
from mnist_growth.growth.widening import NEW, Widening, widen

__all__ = [
    "NEW",
    "BudgetPlan",
    "Deepening",
    "Directions",
    "GrowthConfig",
    "Moment",
    "Narrowing",
    "Operator",
    "OperatorName",
    "Probe",
    "Stage",
    "Widening",
    "accepts_constants",
    "affordable_plans",
    "check_growth",
    "deepen",
    "duplicates",
    "entries_of",
    "equal_width",
    "gradient_directed",
    "gradient_directions",
    "gradient_gain",
    "gradient_values",
    "is_plateau",
    "narrow",
    "net2net_split",
    "neurons_to_add",
    "neurons_wanted",
    "operator_named",
    "paired",
    "parameters_of_a_unit",
    "plan_for_budget",
    "planned_widths",
    "random_fan_in_and_out",
    "scheduled_neurons",
    "widen",
    "widen_together",
    "widths_within",
    "without_growth",
    "zero_fan_out",
]
