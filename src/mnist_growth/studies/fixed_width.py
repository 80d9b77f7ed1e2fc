"""Trainings in which the network does not grow."""

from mnist_growth.digits import Digits, Split
from mnist_growth.studies.trial import Recipe
from mnist_growth.training import TrainingSetup, define_training


def define_fixed_width(recipe: Recipe, seed: int, neurons: int, digits: Digits, split: Split) -> TrainingSetup:
    """Return what defines the training of a network of one width.

    Args:
        recipe: Its other parameters.
        seed: Of the training.
        neurons: Of each hidden layer.
        digits: Training digits.
        split: Of these digits.
    """
    fixed = {"initial_neurons": neurons, "max_neurons": neurons, "trigger": "schedule", "plan": ()}
    growth, training = recipe.growth.model_copy(update=fixed), recipe.training.model_copy(update={"seed": seed})
    return define_training(digits, split, recipe.network, growth, training, recipe.warps)
