"""What the processes of a training agree on, and what they compare."""

import pytest
import torch
from distributed_training import distribution, largest_difference, make_job, run, tensors_of
from example_training import Training
from interrupted_training import InterruptingStore, StopHereError

from mnist_growth.learning import BatchResult
from mnist_growth.machine import ProcessGroup, ProcessLostError
from mnist_growth.training import CheckpointStore
from mnist_growth.training.distribution import ProcessTeam, worker
from mnist_growth.training.team import Requests
from process_groups import in_processes


def test_every_process_does_what_any_of_them_asks_for():
    asked = [(Requests(15, checkpoint=True), Requests(2, shrink=True)), (Requests(), Requests(checkpoint=True))]
    for agreed in in_processes(_agreed, 2, asked):
        assert agreed == [Requests(2, checkpoint=True, shrink=True), Requests(checkpoint=True)]


def _agreed(group, asked):
    team, found = ProcessTeam(group, is_norm_global=True), []
    for requests in asked:
        team.requests = requests[group.rank]
        result = BatchResult(torch.tensor(1.0), torch.tensor(1))
        team.finish_exchange(result, team.start_exchange(result))
        found.append(team.agreed)
    return found


def test_loss_and_right_answers_of_the_batch_are_those_of_all_processes():
    assert in_processes(_result, 3) == [(6.0, 60)] * 3


def _result(group):
    team = ProcessTeam(group, is_norm_global=True)
    own = BatchResult(torch.tensor(group.rank + 1.0), torch.tensor(10 * (group.rank + 1)))
    total = team.finish_exchange(own, team.start_exchange(own))
    return float(total.loss_sum), int(total.correct_count)


DAMAGES = {
    "weights": lambda state: next(state.network.parameters()).data.view(-1)[0].add_(1),
    "statistics": lambda state: next(state.network.buffers()).view(-1)[0].add_(1),
    "average": lambda state: next(iter(state.average.state_dict().values())).view(-1)[0].add_(1),
    "moments": lambda state: next(iter(state.optimizer.state()[0].values())).view(-1)[0].add_(1),
    "order": lambda state: state.data_generator.manual_seed(99),
    "warps": lambda state: state.warp_generator.manual_seed(99),
}


def test_any_difference_of_the_states_is_noticed():
    for found in in_processes(_noticed, 2):
        assert found == dict.fromkeys(DAMAGES, True)


def _noticed(group):
    found = {}
    for name, damage in DAMAGES.items():
        state = Training().begin()
        team = ProcessTeam(group, is_norm_global=True)
        team.check_equal(state)
        if group.rank == 1:
            damage(state)
        try:
            team.check_equal(state)
        except ProcessLostError as error:
            found[name] = "Process 1 of the training has other weights" in str(error)
    return found


def test_a_difference_after_a_growth_is_noticed():
    assert all("other weights" in error for error in in_processes(_differs_after_growth, 2))


def _differs_after_growth(group):
    team, training = ProcessTeam(group, is_norm_global=True), Training()
    state = training.begin()

    def share_wrongly(shared, setup):
        if group.rank == 1:
            DAMAGES["weights"](shared)

    team.share_state = share_wrongly
    try:
        team.grow(state, training.setup, lambda: "a growth")
    except ProcessLostError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("is_norm_global", "of_network", "expected"), [(True, 2, 3), (True, 8, 8), (False, 2, 6), (False, 1, 3)]
)
def test_every_process_has_enough_images_of_the_smallest_micro_batch(is_norm_global, of_network, expected):
    group = ProcessGroup(0, 3, torch.device("cpu"))
    assert ProcessTeam(group, is_norm_global=is_norm_global).min_images(of_network) == expected


def test_the_state_of_the_process_that_is_further_is_that_of_all(tmp_path):
    expected = run(make_job(CheckpointStore(tmp_path / "whole")))
    started = make_job(InterruptingStore(tmp_path / "rank 1", after=6))
    training = started.assemble(None)
    with pytest.raises(StopHereError):
        training.run(started.checkpoints, worker.Monitors([]))
    epochs, _ = in_processes(_continued, 2, tmp_path)
    assert epochs == [2]  # not the first one again
    found = CheckpointStore(tmp_path / "rank 0").last_saved()
    assert found.header["updates"] == 8
    tensors = tensors_of(found.restore(torch.device("cpu"), torch.float32))
    assert largest_difference(tensors, expected) <= 1e-4


class _Link:
    """Keeps what a process sends to the command."""

    def __init__(self):
        self.sent = []

    def send(self, kind, *values):
        self.sent.append((kind, *values))

    def ask(self, kind):  # noqa: ARG002
        return False


def _continued(group, folder):
    job = make_job(CheckpointStore(folder / f"rank {group.rank}"))
    link = _work_in(group, job)
    return [values[0].epoch for kind, *values in link.sent if kind == "epoch"]


def _work_in(group, job):
    """Do the work of a process that has joined a group."""
    worker.ProcessGroup.join = lambda *_, **__: group
    group.leave = lambda: None  # the test does
    link = _Link()
    worker._train(job, link, group.rank, group.rank)
    return link


def test_processes_with_other_parameters_do_not_train_together(tmp_path):
    for error in in_processes(_with_other_parameters, 2, tmp_path):
        assert "different parameters or digits" in error


def _with_other_parameters(group, folder):
    job = make_job(CheckpointStore(folder / f"rank {group.rank}"), training={"epochs": 2 + group.rank})
    try:
        _work_in(group, job)
    except ValueError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(("nodes", "expected"), [(1, True), (2, False)])
def test_the_processes_of_one_machine_share_memory_and_have_its_time_out(monkeypatch, tmp_path, nodes, expected):
    class JoinedError(Exception):
        pass

    asked = {}

    def join(device, seconds, *, shares_memory):
        asked.update(seconds=seconds, shares_memory=shares_memory)
        raise JoinedError

    monkeypatch.setattr(worker.ProcessGroup, "join", join)
    changes = {"processes": 2} if nodes == 1 else {"processes": 1, "nodes": 2, "rendezvous": "first:29500"}
    job = make_job(CheckpointStore(tmp_path / "run"), distribution(**changes, timeout_seconds=10.0))
    with pytest.raises(JoinedError):
        worker._train(job, _Link(), 0, 0)
    assert asked == {"seconds": 60.0, "shares_memory": expected}


def test_exchanges_of_a_training_have_the_time_out_of_the_parameters(tmp_path):
    assert in_processes(_limit, 2, tmp_path) == [[7.5]] * 2


def _limit(group, folder):
    limits = []
    group.limit = limits.append
    _work_in(group, make_job(CheckpointStore(folder / f"rank {group.rank}"), distribution(timeout_seconds=7.5)))
    assert group._shared is not None
    return limits


def test_a_time_out_holds_for_sums_in_shared_memory_and_by_gloo():
    assert in_processes(_limited, 2) == [0.25] * 2


def _limited(group):
    group.limit(0.25)
    return group._shared.timeout_seconds
