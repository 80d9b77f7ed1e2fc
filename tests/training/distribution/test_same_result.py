"""Several processes compute the same training as one."""

import pytest
import torch
from distributed_training import largest_difference, same_bytes, trained

from mnist_growth.learning import BatchResult
from mnist_growth.learning.wrapped import Wrapped
from process_groups import in_processes

LONG = {"training": {"epochs": 51}, "growth": {"growth_epochs": 25, "max_neurons": 9}}
"""204 updates with a growth in the middle."""

SMALL = {"training": {"epochs": 2}, "growth": {"initial_neurons": 6, "growth_rate": 6, "max_neurons": 12}}


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.float64, 1e-12)])
def test_two_processes_end_with_the_weights_of_one_and_are_bit_equal(dtype, tolerance):
    one, losses, widths = trained(None, LONG, dtype)
    (first, its_losses, its_widths), (second, *_) = in_processes(trained, 2, LONG, dtype)
    assert widths == its_widths == (9, 9)
    assert largest_difference(first, one) <= tolerance
    assert its_losses == pytest.approx(losses, rel=tolerance)
    assert same_bytes(second, first)


def test_two_runs_of_two_processes_are_bit_equal():
    runs = [in_processes(trained, 2, SMALL)[0][0] for _ in range(2)]
    assert same_bytes(*runs)


def test_processes_without_shared_memory_get_the_same_bytes():
    runs = [in_processes(trained, 2, SMALL, shares_memory=shares_memory)[0][0] for shares_memory in (True, False)]
    assert same_bytes(*runs)


@pytest.mark.parametrize(
    ("processes", "tolerance", "changes"),
    [
        (3, 1e-11, {"training": {"micro_batch_size": 20, "adversarial": {"epsilon": 0.1, "clean_share": 0.3}}}),
        (2, 1e-11, {"network": {"kind": "residual"}, "training": {"label_smoothing": 0.1}}),
        (
            2,
            1e-11,
            {
                "network": {"kind": "capsules", "capsules": {"primary_size": 3, "digit_size": 4}},
                "training": {"loss": "margin"},
            },
        ),
        (
            2,
            1e-8,  # 2e-10 was seen
            {
                "network": {
                    "kind": "attention",
                    "attention": {
                        "stream_width": 6,
                        "head_width": 2,
                        "neurons_per_head": 3,
                        "blocks": 1,
                        "patch_side": 14,
                    },
                }
            },
        ),
        (
            2,
            1e-11,
            {"training": {"batch_size": 20, "batch_size_schedule": {"schedule": "noise_scale", "noise_share": 100.0}}},
        ),
    ],
    ids=["micro-batches-and-attacks", "residual", "capsules", "attention", "growing-batches"],
)
def test_every_way_of_training_is_the_same_in_several_processes(processes, tolerance, changes):
    changes = {**SMALL, **changes, "training": {**SMALL["training"], **changes.get("training", {})}}
    one, *_ = trained(None, changes, torch.float64)
    for several, *_ in in_processes(trained, processes, changes, torch.float64):
        assert largest_difference(several, one) <= tolerance


def test_local_batch_norm_is_another_training_with_the_same_weights_everywhere():
    one, *_ = trained(None, SMALL, torch.float64)
    (first, *_), (second, *_) = in_processes(trained, 2, SMALL, torch.float64, "local")
    assert largest_difference(first, one) > 1e-6
    assert same_bytes(second, first)


def test_different_states_are_noticed():
    found = in_processes(_damaged, 2)
    assert all("Process 1 of the training has other weights" in text for text in found)


def _damaged(group):
    from example_training import Training

    from mnist_growth.machine import ProcessLostError
    from mnist_growth.training.distribution import ProcessTeam

    state = Training().begin()
    if group.rank == 1:
        next(iter(state.average.state_dict().values())).view(-1)[0] += 1
    try:
        ProcessTeam(group, is_norm_global=True).check_equal(state)
    except ProcessLostError as error:
        return str(error)
    return ""


def test_an_objective_that_adds_to_gradients_later_is_refused():
    class Objective(Wrapped):
        def add(self, images, labels, share=1.0) -> BatchResult:
            raise NotImplementedError

    from mnist_growth.learning import Sharding, all_reduced_factory

    factory = all_reduced_factory(lambda *_: Objective(None), Sharding(0, 2), None, is_norm_global=True)
    with pytest.raises(TypeError, match=r"cannot use the objective Objective.*distribution\.processes=1"):
        factory(None, None, 0.0)
