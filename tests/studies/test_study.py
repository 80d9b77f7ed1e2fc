"""Studies whose trainings run in processes of their own."""

import multiprocessing
import os
import signal
import time
from multiprocessing import forkserver

import psutil
import pytest
from small_study import Records

from mnist_growth.studies import Outcome, OutcomeStore, Study
from mnist_growth.training import Machine


def kill_worker(record):
    [process] = multiprocessing.active_children()
    process.kill()


def test_every_training_has_an_outcome_and_is_recorded(laboratory):
    trials = [laboratory.trial(seed=seed) for seed in range(3)]
    records = Records()

    outcomes = {trial.key: outcome for trial, outcome in laboratory.study(records, workers=2).run(trials)}

    assert outcomes.keys() == {trial.key for trial in trials}
    for trial in trials:
        outcome = outcomes[trial.key]
        assert (outcome.state, outcome.is_final, outcome.value("epoch")) == ("finished", True, 2)
        assert 0 <= outcome.test_accuracy <= 1
        assert outcome.peak_rss_bytes > 50e6
        assert laboratory.store.find(trial.key) == outcome
    assert {record.name for record in records.all} == {"seed=0", "seed=1", "seed=2"}
    assert all((record.epochs, record.ended) == ([1, 2], "finished") for record in records.all)
    assert all(record.metrics.keys() == {"seconds", "test_accuracy"} for record in records.all)


def test_the_result_is_that_of_a_training_alone(laboratory):
    trial = laboratory.trial(seed=4)
    [(_, outcome)] = laboratory.study().run([trial])

    alone = trial.run(laboratory.data, Machine("cpu", 1, 0.5), lambda _: False)

    assert alone.value("validation_loss") == outcome.value("validation_loss")
    assert alone.test_accuracy == outcome.test_accuracy


def test_a_finished_training_is_not_repeated(laboratory, monkeypatch):
    trials = [laboratory.trial(seed=seed) for seed in range(2)]
    before = {trial.key: outcome for trial, outcome in laboratory.study().run(trials)}
    monkeypatch.setattr(Study, "_launch", lambda *_: pytest.fail("it trains again"))
    records = Records()

    after = {trial.key: outcome for trial, outcome in laboratory.study(records).run(trials)}

    assert after == before
    assert [record.epochs for record in records.all] == [[1, 2], [1, 2]]
    assert all(record.tags["study.kept"] == "true" for record in records.all)


def test_a_damaged_outcome_is_computed_again(laboratory):
    trial = laboratory.trial(seed=0)
    [(_, before)] = laboratory.study().run([trial])
    [path] = laboratory.store.folder.glob("*.json")
    path.write_bytes(path.read_bytes()[:-20])

    [(_, after)] = laboratory.study().run([trial])

    assert after.value("validation_loss") == before.value("validation_loss")
    assert laboratory.store.find(trial.key) == after


def test_a_killed_worker_is_replaced_once(laboratory):
    killed = []

    def kill_first(record):
        if not killed:
            killed.append(kill_worker(record))

    [(_, outcome)] = laboratory.study(Records(kill_first)).run([laboratory.trial(epochs=40)])
    assert (outcome.state, outcome.value("epoch")) == ("finished", 40)

    trials = [laboratory.trial(epochs=41), laboratory.trial(epochs=1)]
    records = Records(lambda record: kill_worker(record) if "41" in record.name else None)
    always, other = (outcome for _, outcome in laboratory.study(records).run(trials))
    assert (always.state, other.state) == ("failed", "finished")
    assert always.reason == "its process ended with exit code -9, 2 times"
    assert laboratory.store.find(trials[0].key) is None  # another day it may finish
    assert "exit code -9" in str(records.all[0].ended)


def test_a_killed_study_leaves_no_process_and_loses_no_finished_training(laboratory, tmp_path):
    trials = [laboratory.trial(seed=0), laboratory.trial(epochs=500)]

    def kill_study(record):
        if "500" in record.name:
            (tmp_path / "worker").write_text(str(multiprocessing.active_children()[0].pid))
            os.kill(os.getpid(), signal.SIGKILL)

    list(laboratory.study().run([laboratory.trial(seed=9)]))  # the server of this process is up
    if (study := os.fork()) == 0:
        forkserver._forkserver.ensure_running = lambda: None  # it is no child of this process
        try:
            list(laboratory.study(Records(kill_study)).run(trials))
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(study, 0)[1]) == -signal.SIGKILL

    orphan = int((tmp_path / "worker").read_text())
    deadline = time.monotonic() + 20
    while psutil.pid_exists(orphan) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not psutil.pid_exists(orphan)
    assert [laboratory.store.find(trial.key) is not None for trial in trials] == [True, False]


def test_an_interrupted_study_ends_its_processes(laboratory):
    def interrupt(record):
        raise KeyboardInterrupt

    records = Records(interrupt)
    with pytest.raises(KeyboardInterrupt):
        list(laboratory.study(records).run([laboratory.trial(epochs=500)]))

    assert multiprocessing.active_children() == []
    assert isinstance(records.all[0].ended, KeyboardInterrupt)


def test_an_outcome_that_cannot_be_saved_ends_the_study(laboratory, tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(OSError, match="File exists") as raised:
        list(laboratory.study(store=OutcomeStore(tmp_path / "file")).run([laboratory.trial(seed=0)]))

    assert raised.value.__notes__[0].startswith(f"Cannot save {tmp_path / 'file'}")


def test_a_stopped_training_is_pruned_and_not_kept(laboratory):
    trial, records = laboratory.trial(epochs=50), Records()

    [(_, outcome)] = laboratory.study(records).run([trial], should_stop=lambda _, record: record["epoch"] == 3)

    assert (outcome.state, outcome.value("epoch"), outcome.test_accuracy) == ("pruned", 3, None)
    assert records.all[0].pruned == 3
    assert laboratory.store.find(trial.key) is None


def test_a_training_may_depend_on_the_outcome_before_it(laboratory):
    seen = []

    def trials():
        yield laboratory.trial(seed=0)
        yield laboratory.trial(seed=len(seen))

    for trial, _ in laboratory.study().run(trials()):
        seen.append(trial.changes["training.seed"])

    assert seen == [0, 1]


@pytest.mark.parametrize(
    ("error", "reason", "is_final"),
    [
        (FloatingPointError("The training loss became nan in epoch 1"), "The training loss became nan", True),
        (MemoryError("Memory ran out: a checkpoint was written"), "not enough memory", False),
        (RuntimeError("something else"), "something else", False),
    ],
)
def test_an_error_is_an_outcome(laboratory, monkeypatch, error, reason, is_final):
    def fail(*arguments):
        raise error

    monkeypatch.setattr("mnist_growth.studies.trial.start_training", fail)

    outcome = laboratory.trial(seed=0).run(laboratory.data, Machine("cpu", 1, 0.5), lambda _: False)

    assert (outcome.state, outcome.is_final, outcome.history) == ("failed", is_final, [])
    assert outcome.reason.startswith(reason)


def test_the_study_goes_on_after_a_loss_that_is_not_finite(laboratory):
    trials = [laboratory.trial(seed=0), laboratory.trial(seed=1)]
    laboratory.store.save(trials[0].key, Outcome(state="failed", reason="The loss became nan", is_final=True))

    first, second = (outcome for _, outcome in laboratory.study().run(trials))

    assert (first.state, second.state) == ("failed", "finished")
