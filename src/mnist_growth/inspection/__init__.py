"""Looks into a network; never changes it."""

from mnist_growth.inspection.cohorts import Cohort, cohorts
from mnist_growth.inspection.example_gradients import gradient_norms
from mnist_growth.inspection.units import unit_cohorts

__all__ = ["Cohort", "cohorts", "gradient_norms", "unit_cohorts"]
