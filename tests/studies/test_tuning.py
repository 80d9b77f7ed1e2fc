"""The search for the best parameters, with trainings that only pretend to run."""

import math
import os
from dataclasses import asdict

import pandas as pd
import pytest
import yaml
from pydantic import ValidationError

import configured
from mnist_growth import studies
from mnist_growth.studies import Outcome, Tuning, tuning_storage
from mnist_growth.training import EpochRecord

RATE, BATCH = "training.learning_rate", "training.batch_size"
SPACE = [{"name": RATE, "low": 0.0001, "high": 0.1, "log": True}, {"name": BATCH, "choices": [16, 32, 64]}]


@pytest.fixture
def in_memory(monkeypatch):
    """Keeps all studies of a test in memory, which is faster than a journal."""
    import optuna

    storage = optuna.storages.InMemoryStorage()
    monkeypatch.setattr("mnist_growth.studies.tuning.open_storage", lambda *_: storage)


@pytest.fixture
def tuned(stored, in_memory):
    """Begins or continues a study, with changes of the configuration."""
    return stored


@pytest.fixture
def stored(laboratory, tmp_path):
    """The same in a journal or a database."""

    def make(**changes):
        config = configured.tune(**{"recipe": {}, "search_space": SPACE, "trials": 12, "pruner": "none", **changes})
        recipe, data = laboratory.recipe.with_groups(config.recipe), laboratory.data
        return Tuning(config, recipe, data.train, data.split, tmp_path / "folder" / "tuning.journal")

    return make


def record(epoch, loss):
    values = dict.fromkeys(EpochRecord.__dataclass_fields__, 0) | {"widths": "8"}
    return EpochRecord(**values | {"epoch": epoch, "validation_loss": loss, "validation_accuracy": 1 - loss / 10})


def loss_of(trial):
    """Smallest at the rate 0.01 and the batch size 32."""
    return 0.1 + (math.log10(trial.changes[RATE]) + 2) ** 2 + 0.2 * (trial.changes[BATCH] != 32)


def finished(loss, **changes):
    return Outcome(state="finished", history=[asdict(record(1, loss))], test_accuracy=0.5, **changes)


def search(tuning, memory=1000):
    losses = []
    for trial in tuning.trials():
        losses.append(loss_of(trial))
        tuning.tell(trial, finished(losses[-1], peak_rss_bytes=memory))
    return losses


def test_the_best_values_are_those_with_the_smallest_loss(tuned):
    tuning = tuned()
    losses = search(tuning)
    table = tuning.table()

    assert len(losses) == len(table) == 12
    assert table["validation_loss"].tolist() == losses
    best = table.iloc[int(table["validation_loss"].argmin())]
    assert tuning.best() == {RATE: best[RATE], BATCH: best[BATCH]}
    assert table[RATE].between(0.0001, 0.1).all()
    assert set(table[BATCH]) <= {16, 32, 64}
    assert table["test_accuracy"].tolist() == [0.5] * 12


def test_tpe_learns_from_the_trials_before(tuned):
    tpe, random = (search(tuned(sampler=name, study=name, trials=40)) for name in ("tpe", "random"))

    assert sum(tpe[20:]) < 0.75 * sum(random[20:])


def test_a_continued_study_is_the_uninterrupted_one(tuned):
    whole = search(tuned(study="whole"))
    parts = search(tuned(study="parts", trials=5)) + search(tuned(study="parts", trials=12))

    assert parts == whole
    assert tuned(study="parts", trials=12).remaining() == 0
    assert search(tuned(study="parts", trials=12)) == []


def test_a_trial_of_a_killed_run_starts_again_with_the_same_values(tuned, monkeypatch):
    killed = tuned(trials=3)
    with monkeypatch.context() as patched:
        patched.setattr("mnist_growth.studies.tuning.this_process", lambda: f"{os.uname().nodename} 999999999 1.0")
        lost = next(killed.trials())

    continued = tuned(trials=3)
    assert continued.remaining() == 3
    again = []
    for trial in continued.trials():
        again.append(trial)
        continued.tell(trial, finished(loss_of(trial)))

    assert again[0].key == lost.key
    assert len(again) == 3
    assert continued.table()["number"].tolist() == [1, 2, 3]


def test_a_trial_of_a_running_process_is_left_alone(tuned):
    running = next(tuned(trials=3).trials())

    other = list(tuned(trials=3).trials())

    assert len(other) == 2
    assert running.key not in {trial.key for trial in other}


def test_a_training_that_is_worse_than_the_median_is_stopped(tuned):
    tuning = tuned(pruner="median", trials=8)
    stopped = []
    for number, trial in enumerate(tuning.trials()):
        loss = 9.0 if number == 7 else 0.1 * (number + 1)
        stopped.append(tuning.should_stop(trial, asdict(record(1, loss))))
        assert not tuning.should_stop(
            trial, asdict(record(trial.setup.training.epochs, loss))
        )  # nothing is left to save
        is_pruned = number == 7
        tuning.tell(trial, Outcome(state="pruned", history=[asdict(record(1, loss))]) if is_pruned else finished(loss))

    assert stopped[7]
    assert not any(stopped[:5])
    assert tuning.table()["state"].tolist() == ["complete"] * 7 + ["pruned"]


def test_a_failed_training_is_a_row_and_not_the_best(tuned):
    tuning = tuned(trials=2)
    first, second = tuning.trials(), tuning.trials()
    tuning.tell(next(first), Outcome(state="failed", reason="The loss became nan"))
    tuning.tell(next(second), finished(0.5))

    failed, good = tuning.table().to_dict("records")
    assert (failed["state"], failed["reason"]) == ("fail", "The loss became nan")
    assert math.isnan(failed["validation_loss"])
    assert tuning.best()[RATE] == good[RATE]


def test_networks_with_too_many_multiply_adds_are_not_trained(tuned):
    space = [{"name": "growth.max_neurons", "low": 8, "high": 64, "step": 8}]
    growth = {"growth": {"growth_epochs": 1, "growth_rate": 8}}
    limit = 8 * 784 + 16 * 784
    tuning = tuned(search_space=space, recipe=growth, trials=20, max_forward_multiply_adds=limit)
    trained = []
    for trial in tuning.trials():
        trained.append(trial)
        tuning.tell(trial, finished(0.1))
    table = tuning.table()

    assert len(table) == 20
    assert len(trained) == table["is_feasible"].sum() < 20
    infeasible = table[~table["is_feasible"]]
    assert set(infeasible["state"]) == {"pruned"}
    assert infeasible["reason"].str.contains("tune.max_forward_multiply_adds").all()


def test_trainings_that_take_too_much_memory_are_not_the_best(tuned):
    tuning = tuned(trials=3, max_peak_rss_bytes=5000)
    for number, trial in enumerate(tuning.trials()):
        tuning.tell(trial, finished(0.1 + number, peak_rss_bytes=9000 if number == 0 else 4000))
    assert tuning.table()["is_feasible"].tolist() == [False, True, True]
    assert tuning.best()[RATE] == tuning.table()[RATE][1]

    nothing = tuned(study="small", trials=1, max_peak_rss_bytes=1)
    search(nothing)
    with pytest.raises(ValueError, match="No training of the study small has finished and meets"):
        nothing.best()


def test_with_several_objectives_the_best_is_on_the_front(tuned):
    tuning = tuned(objectives=["validation_error", "seconds"], trials=3)
    for loss, seconds, trial in zip((0.5, 0.2, 0.2), (1.0, 9.0, 8.0), tuning.trials(), strict=False):
        tuning.tell(trial, finished(loss, seconds=seconds))

    assert tuning.best()[RATE] == tuning.table()[RATE][2]


def test_values_that_are_not_allowed_together_are_a_failed_trial(tuned):
    initial = {"name": "growth.initial_neurons", "low": 4, "high": 12}
    largest = {"name": "growth.max_neurons", "choices": [8, 99]}
    tuning = tuned(search_space=[initial, largest], recipe={"growth": {"max_neurons": 20}}, trials=10)
    for trial in tuning.trials():
        tuning.tell(trial, finished(0.1))

    failed = tuning.table().query("state == 'fail'")
    assert len(failed) > 0
    assert (failed["growth.initial_neurons"] > failed["growth.max_neurons"]).all()
    assert failed["reason"].str.contains("'growth.max_neurons' is 8, less than").all()


def test_another_space_is_refused_and_nothing_is_lost(tuned):
    search(tuned(trials=2))

    with pytest.raises(ValueError, match=f"was begun with other values of search_space.{BATCH}; .*tune.study=<name>"):
        tuned(search_space=[SPACE[0], {"name": BATCH, "choices": [16, 32]}])
    with pytest.raises(ValueError, match="other values of training.weight_decay"):
        tuned(recipe={"training": {"weight_decay": 0.5}})
    assert len(tuned(trials=2).table()) == 2


def test_an_incomplete_line_of_the_journal_is_cut(stored, tmp_path):
    search(stored(trials=2))
    journal = tmp_path / "folder" / "tuning.journal"
    with journal.open("a") as file:
        file.write('{"op_code": 4, "wor')

    assert len(stored(trials=2).table()) == 2
    search(stored(trials=4))
    assert len(stored(trials=4).table()) == 4


def test_a_database_keeps_the_study(stored, tmp_path):
    url = f"sqlite:///{tmp_path / 'tuning.db'}"
    losses = search(stored(storage=url, trials=3))

    assert stored(storage=url, trials=3).table()["validation_loss"].tolist() == losses


@pytest.mark.parametrize("url", ["sqlite:////proc/nowhere/tuning.db", "nodatabase://host/tuning", "no url"])
def test_a_database_that_cannot_be_reached_is_one_sentence(stored, url):
    with pytest.raises(
        ConnectionError, match=r"database of tune.storage, .*, cannot be used \(.*\); finished"
    ) as raised:
        stored(storage=url)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("parameter", "sentence"),
    [
        ({"name": RATE, "low": 0.1, "high": 0.1}, "has an empty range for training.learning_rate, 0.1 to 0.1"),
        ({"name": RATE}, "has training.learning_rate with neither or both"),
        ({"name": RATE, "low": 1, "high": 2, "choices": [1]}, "neither or both"),
        (
            {"name": RATE, "low": 0.0, "high": 0.1, "log": True},
            "has log for training.learning_rate; expected low",
        ),
        ({"name": RATE, "low": 0.1, "high": 0.2, "step": 0}, "has step 0 for training.learning_rate"),
    ],
)
def test_a_parameter_without_values_is_refused(parameter, sentence):
    with pytest.raises(ValidationError, match=sentence):
        configured.tune(search_space=[parameter])


def test_an_unknown_parameter_names_the_closest(tuned):
    with pytest.raises(ValueError, match="'training.lerning_rate', .*; did you mean 'training.learning_rate'"):
        tuned(search_space=[{"name": "training.lerning_rate", "low": 0.1, "high": 0.2}])
    with pytest.raises(ValueError, match="training.learning_rate=5.0; expected less than or equal to 1"):
        tuned(search_space=[{"name": RATE, "low": 0.1, "high": 5.0}])


def test_pruning_with_several_objectives_is_refused():
    with pytest.raises(ValidationError, match="'tune.pruner' is 'median', but .*; .* set tune.pruner=none"):
        configured.tune(objectives=["validation_loss", "seconds"])


def test_the_file_of_parameters_has_what_differs(laboratory):
    config = configured.tune(trials=7)
    values = {RATE: 0.0123, BATCH: 45, "training.learning_rate_schedule.decay": 0.25, "warps.scale": 0.5}

    text = studies.parameters_file(values, laboratory.recipe, config)

    assert text.startswith("# Parameters found by `kedro run --pipeline tune`. Study tune, 7 trainings of 2 epochs.\n")
    assert yaml.safe_load(text) == {
        "training": {"learning_rate": 0.0123, "learning_rate_schedule": {"decay": 0.25}},
        "warps": {"scale": 0.5},
    }
    assert yaml.safe_load(studies.parameters_file({BATCH: 45}, laboratory.recipe, config)) == {}


def test_a_process_is_known_by_its_start(tuned):
    class OfProcess:
        def __init__(self, name):
            self.user_attrs = {tuning_storage.PROCESS: name}

    host, number, _ = tuning_storage.this_process().split()
    assert not tuning_storage.is_abandoned(OfProcess(tuning_storage.this_process()))
    assert tuning_storage.is_abandoned(OfProcess(f"{host} {number} 1.0"))
    assert not tuning_storage.is_abandoned(OfProcess(f"elsewhere {number} 1.0"))
    assert not tuning_storage.is_abandoned(OfProcess(""))


def test_figures_draw_the_trials_with_a_loss():
    from mnist_growth import figures

    trials = pd.DataFrame(
        {
            "number": [0, 1, 2, 3],
            "state": ["complete", "pruned", "fail", "complete"],
            "is_feasible": True,
            "epochs": [2, 1, 0, 2],
            "validation_loss": [0.2, 0.4, math.nan, 0.1],
            RATE: [0.001, 0.01, 0.1, 0.5],
            BATCH: ["a", "b", "c", "d"],
        }
    )

    complete, pruned, best = figures.tuning_history(trials).data
    rate, batch = figures.tuning_values(trials, [RATE, BATCH]).data

    assert (list(complete.x), list(pruned.x)) == ([0, 3], [1])
    assert list(best.y) == [0.2, 0.1]
    assert (list(rate.x), list(batch.x)) == ([0.001, 0.5], ["a", "d"])


def test_two_processes_that_begin_a_trial_at_the_same_time_choose_differently():
    """Both see the same trials; only the number of their own differs."""
    import optuna

    from mnist_growth.studies.seeded_sampler import SeededByTrial

    storage = optuna.storages.InMemoryStorage()
    studies = [
        optuna.create_study(
            storage=storage,
            study_name="shared",
            load_if_exists=True,
            sampler=SeededByTrial(optuna.samplers.RandomSampler, 3),  # its only parameter is the seed
        )
        for _ in range(2)
    ]
    first, second = (study.ask() for study in studies)
    chosen = [trial.suggest_float("rate", 0, 1) for trial in (first, second)]

    alone = optuna.create_study(sampler=SeededByTrial(optuna.samplers.RandomSampler, 3))
    again = [trial.suggest_float("rate", 0, 1) for trial in (alone.ask(), alone.ask())]
    assert chosen[0] != chosen[1]
    assert again[0] != again[1]
