"""Making a candidate: the steps of its recipe, in a fixed order."""

import copy
from dataclasses import dataclass, replace

import torch

from mnist_growth.compression.config import Recipe
from mnist_growth.compression.fine_tuning import FineTuner, Rates
from mnist_growth.compression.quantisation import quantised
from mnist_growth.compression.sparsity import GradualPruning, PatternPruning, nonzero_masks
from mnist_growth.compression.unit_importance import importances, units_to_keep
from mnist_growth.compression.units import GradualNarrowing, narrow_with_reconstruction
from mnist_growth.learning import ObjectiveFactory, distillation_factory, masked_factory
from mnist_growth.network import Network, TrainedNetwork, build


@dataclass(frozen=True, eq=False)
class Candidate:
    """A network that was made from another one.

    Attributes:
        recipe: How it was made.
        trained: The network, with the SHA-256 of the one that it was made from.
    """

    recipe: Recipe
    trained: TrainedNetwork


def make_candidate(recipe: Recipe, source: TrainedNetwork, fine_tuner: FineTuner) -> Candidate:
    """Return the candidate of a recipe; equal arguments give equal weights.

    Args:
        recipe: Its steps.
        source: The network that is compressed; it is not changed.
        fine_tuner: Trains the network after each step.

    Raises:
        ValueError: A step cannot be done with a network of this kind.
    """
    network, trained_epochs = source.network, source.epochs
    teachers = [copy.deepcopy(each.network) for each in (source, *fine_tuner.teachers)]
    teacher = distillation_factory(teachers, fine_tuner.config.distillation)
    for is_wanted, step, default in (
        (recipe.student is not None, _distilled, fine_tuner.config.pruning.epochs),
        (recipe.units is not None, _narrowed, fine_tuner.config.pruning.epochs),
        (recipe.sparsity is not None, _sparse, fine_tuner.config.pruning.epochs),
        (recipe.weight_bits is not None, _quantised, fine_tuner.config.epochs),
    ):
        if is_wanted:
            epochs = default if recipe.epochs is None else recipe.epochs
            network = step(network, recipe, fine_tuner, epochs, teacher)
            trained_epochs = epochs + (0 if step is _distilled else trained_epochs)
    trained = replace(source, network=network, epochs=trained_epochs, version="", source=source.sha256)
    return Candidate(recipe, trained)


def _distilled(
    network: Network, recipe: Recipe, fine_tuner: FineTuner, epochs: int, teacher: ObjectiveFactory
) -> Network:
    assert recipe.student is not None
    generator = torch.Generator().manual_seed(fine_tuner.training.seed)
    student = build(network.spec.with_widths(recipe.student), network.pixels, generator)
    return fine_tuner(student, epochs, teacher, rates=_pruning_rates(fine_tuner))


def _narrowed(
    network: Network, recipe: Recipe, fine_tuner: FineTuner, epochs: int, teacher: ObjectiveFactory
) -> Network:
    assert recipe.units is not None
    config = fine_tuner.config.pruning.units
    probe = fine_tuner.probe(fine_tuner.device if epochs else network.device)
    if not epochs:
        kept = units_to_keep(network, importances(network, probe, config.importance), recipe.units, config.min_units)
        return narrow_with_reconstruction(network, kept, probe)[0]
    pruning = GradualNarrowing(recipe.units, epochs, config, network.widths, probe)
    rates = replace(_pruning_rates(fine_tuner), learning_rate=config.learning_rate)
    return fine_tuner(network, epochs, teacher, rates=rates, before_epoch=pruning)


def _sparse(network: Network, recipe: Recipe, fine_tuner: FineTuner, epochs: int, teacher: ObjectiveFactory) -> Network:
    assert recipe.sparsity is not None
    config = fine_tuner.config.pruning
    pruning: GradualPruning | PatternPruning
    if recipe.sparsity == "2:4":
        pruning = PatternPruning(network, fine_tuner.device)
    else:
        pruning = GradualPruning(network, recipe.sparsity, epochs, config.weights, fine_tuner.device)
    objective = masked_factory(teacher, pruning.masks)
    return fine_tuner(network, epochs, objective, rates=_pruning_rates(fine_tuner), before_epoch=pruning)


def _pruning_rates(fine_tuner: FineTuner) -> Rates:
    config = fine_tuner.config.pruning
    return Rates(config.learning_rate, config.warmup_epochs, config.ema_decay)


def _quantised(
    network: Network, recipe: Recipe, fine_tuner: FineTuner, epochs: int, teacher: ObjectiveFactory
) -> Network:
    assert recipe.weight_bits is not None
    images = fine_tuner.probe(network.device).images
    aware = quantised(network, recipe.weight_bits, recipe.activation_bits, images)
    if epochs:
        masks = nonzero_masks(aware, fine_tuner.device) if recipe.sparsity else {}
        aware = fine_tuner(aware, epochs, masked_factory(teacher, masks))
    return aware.packed()
