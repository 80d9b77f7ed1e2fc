"""Pruning of single weights: the schedule, which weights leave, and that they stay at zero."""

from itertools import pairwise

import pytest
import torch

from bypass_network import Bypass, BypassSpec
from mnist_growth.compression.sparsity import (
    GradualPruning,
    SparsityConfig,
    prunable,
    prune,
    pruning_masks,
    scheduled_sparsity,
    sparsity_of,
    two_of_four_masks,
)
from mnist_growth.digits import PixelStatistics
from mnist_growth.learning import Autograd, Backprop, kept_share, masked_factory, objective_for, update_average
from mnist_growth.network import GrowingMLP
from mnist_growth.training import TrainingState

IMAGES = torch.randint(0, 256, (24, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
LABELS = torch.randint(0, 10, (24,), generator=torch.Generator().manual_seed(1))


def make(kind="mlp", seed=3):
    generator = torch.Generator().manual_seed(seed)
    if kind == "bypass":
        return Bypass(BypassSpec(sizes=(8, 6)), PixelStatistics(0.13, 0.31, 0), generator)
    return GrowingMLP([8, 6], batch_norm=kind == "mlp", generator=generator)


def train(state, objective, updates):
    for _ in range(updates):
        objective.begin()
        objective.add(IMAGES, LABELS)
        objective.finish()
        state.optimizer.step(0.01)
        state.updates += 1
        update_average(state.average, state.network, kept_share(0.9, state.updates))


def test_the_schedule_is_that_of_zhu_and_gupta():
    found = [scheduled_sparsity(done, 8, 0.9, 0.1) for done in (0, 2, 4, 6, 8)]
    expected = [0.9 + (0.1 - 0.9) * (1 - share) ** 3 for share in (0, 0.25, 0.5, 0.75, 1)]
    assert found == pytest.approx(expected, abs=1e-15)
    assert found == sorted(found)
    assert (scheduled_sparsity(-1, 8, 0.9), scheduled_sparsity(9, 8, 0.9)) == (0.0, 0.9)


def test_magnitudes_are_compared_over_all_matrices():
    network = make()
    masks = pruning_masks(network, 0.75, "magnitude")
    matrices = prunable(network)
    assert masks.keys() == {"hidden.0.linear.weight", "hidden.1.linear.weight", "output.weight"}
    pruned, kept = (torch.cat([m.abs()[masks[name] == side] for name, m in matrices.items()]) for side in (False, True))
    assert len(pruned) == round(0.75 * (784 * 8 + 8 * 6 + 6 * 10))
    assert pruned.max() <= kept.min()


def test_by_layer_every_matrix_loses_the_same_share():
    network = make()
    for name, mask in pruning_masks(network, 0.5, "layer").items():
        matrix = prunable(network)[name].abs()
        assert int(mask.sum()) == mask.numel() // 2
        assert matrix[~mask].max() <= matrix[mask].min()


def test_lamp_scores_are_those_of_their_definition():
    network = make()
    scores = {
        name: torch.tensor([w**2 / sum(v**2 for v in matrix if v**2 >= w**2) for w in matrix])
        for name, matrix in {name: m.flatten().tolist() for name, m in prunable(network).items()}.items()
        if len(matrix) < 100
    }
    scores["hidden.0.linear.weight"] = _lamp(prunable(network)["hidden.0.linear.weight"].flatten())
    threshold = torch.cat(list(scores.values())).sort().values[round(0.6 * sum(map(len, scores.values())))]
    for name, mask in pruning_masks(network, 0.6, "lamp").items():
        assert mask.flatten().tolist() == (scores[name] >= threshold).tolist()


def _lamp(weights):
    squares = weights.double().square()
    return squares / torch.stack([squares[squares >= square].sum() for square in squares])


def test_weights_that_are_zero_leave_first():
    network = make()
    with torch.no_grad():
        network.hidden[0].linear.weight[:, ::2] = 0
    for score in ("magnitude", "layer", "lamp"):
        masks = pruning_masks(network, 0.45, score)
        assert not masks["hidden.0.linear.weight"][prunable(network)["hidden.0.linear.weight"] != 0].logical_not().any()


def test_two_of_four_keeps_the_largest_of_the_inputs_of_a_unit():
    network = GrowingMLP([18, 16], generator=torch.Generator().manual_seed(3))
    masks = two_of_four_masks(network)
    assert masks.keys() == {"hidden.0.linear.weight"}  # 18 inputs are no multiple of 4, 10 outputs are too few
    groups = prunable(network)["hidden.0.linear.weight"].abs().reshape(18, 196, 4)
    kept = masks["hidden.0.linear.weight"].reshape(18, 196, 4)
    assert bool((kept.sum(2) == 2).all())
    assert bool((groups.where(kept, torch.inf).amin(2) >= groups.where(~kept, 0).amax(2)).all())


@pytest.mark.parametrize("kind", [Backprop, Autograd])
def test_pruned_weights_stay_at_zero_under_decay_moments_and_averaging(kind):
    network = make().train()
    state = TrainingState.begin(network, weight_decay=0.1, seed=0)
    train(state, kind(network), 3)  # the weights have moments now
    masks = pruning_masks(network, 0.5, "magnitude")
    prune(state, masks)
    before = {name: matrix.clone() for name, matrix in prunable(network).items()}
    train(state, masked_factory(kind, masks)(network, None, 0.0), 5)
    for name, mask in masks.items():
        for held in (network, state.average):
            assert bool((held.get_parameter(name)[~mask] == 0).all())
        assert bool((prunable(network)[name][mask] != before[name][mask]).all())
        moments = state.optimizer.moments()[name]
        assert bool((moments.first[~mask] == 0).all() and (moments.second[~mask] == 0).all())


@pytest.mark.parametrize("kind", ["mlp", "plain", "bypass"])
def test_gradual_pruning_reaches_its_sparsity_and_never_revives_a_weight(kind):
    network = make(kind).train()
    state = TrainingState.begin(network, weight_decay=0.01, seed=0)
    pruning = GradualPruning(
        network, 0.8, epochs=4, config=SparsityConfig(score="magnitude", ramp=0.5), device=network.device
    )
    objective = masked_factory(objective_for, pruning.masks)(network, None, 0.0)
    found, dead = [], []
    for epoch in range(4):
        state.epochs_done = epoch
        assert pruning(state) is False
        found.append(sparsity_of(network))
        train(state, objective, 2)
        dead.append({name: matrix == 0 for name, matrix in prunable(state.average).items()})
    expected = [scheduled_sparsity(done, 2, 0.8) for done in (1, 2, 3, 4)]
    assert found == pytest.approx(expected, abs=2e-4)
    for earlier, later in pairwise(dead):
        assert all(bool((later[name] >= earlier[name]).all()) for name in later)
