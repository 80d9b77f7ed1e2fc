"""The search for architectures, on small images."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import torch
from pydantic import ValidationError
from small_study import Laboratory

import configured
from mnist_growth.compression import training_probe
from mnist_growth.growth import Narrowing, narrow
from mnist_growth.network import GrowingMLP, MLPSpec, predict_logits
from mnist_growth.studies.outcome import Outcome
from mnist_growth.studies.search import define_searches
from mnist_growth.studies.search_config import SearchConfig
from mnist_growth.studies.search_results import Volumes, hypervolume_by_work, hypervolume_table, searched_table
from mnist_growth.studies.search_trials import Architecture, LayerByLayer, Pruned
from mnist_growth.training import Checkpoint, Machine, TrainingState

MACHINE = Machine("cpu", 1, 0.5)
IMAGES = 180  # of an epoch in the laboratory
EPOCHS = 2  # of its recipe
SMALL = {
    "recipe": {},
    "seeds": 1,
    "budget_multiply_adds": 6e7,
    "min_width": 4,
    "max_width": 16,
    "width_step": 4,
    "min_hidden_layers": 1,
    "max_hidden_layers": 2,
    "population": 2,
    "reference_error": 0.95,
    "growth": {
        "budget_share": 0.42,
        "hidden_layers": 2,
        "stage_factor": 1.8,
        "stage_epochs": 1,
        "cool_down_epochs": 1,
        "pruned_shares": [0.6],
        "probe_digits": 60,
    },
}


def config(**changes) -> SearchConfig:
    growth = SMALL["growth"] | changes.pop("growth", {})
    return configured.search(**{**SMALL, **changes, "growth": growth})


def searches(laboratory, **changes):
    return define_searches(config(**changes), laboratory.recipe, laboratory.data, laboratory.store.folder)


def forward(*widths):
    """Multiply-adds of an image by hand."""
    sizes = [784, *widths, 10]
    return sum(first * second for first, second in pairwise(sizes))


def run_all(found, laboratory):
    """Run a study in this process, and return its trainings in order."""
    trials = []
    for trial in found.trials():
        assert trial is not None  # nothing runs at the same time
        trials.append(trial)
        found.tell(trial, trial.run(laboratory.data, MACHINE, lambda _: False))
    return trials


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    """A study that has ended, its trainings and its table."""
    laboratory = Laboratory(tmp_path_factory.mktemp("search"))
    found = searches(laboratory)
    trials = run_all(found, laboratory)
    return found, trials, searched_table(found.searches)


def test_the_work_of_every_search_is_counted_by_hand_and_stays_within_the_budget(ended):
    found, trials, networks = ended
    per_epoch = {
        trial.key: 3 * IMAGES * trial.spec.forward_multiply_adds for trial in trials if isinstance(trial, Architecture)
    }
    for method in ("evolution", "random"):
        own = networks[networks["method"] == method]
        assert own["multiply_adds"].tolist() == [forward(*map(int, widths.split("-"))) for widths in own["widths"]]
        assert own["work"].tolist() == np.cumsum([EPOCHS * per_epoch[key] for key in own["key"]]).tolist()
        assert 6e7 - EPOCHS * 3 * IMAGES * forward(16, 16) < own["work"].max() <= 6e7
    growth = networks[networks["method"] == "growth"]
    [search] = [search for search in found.searches if search.method == "growth"]
    stages = [forward(*map(int, row["widths"].split("-"))) for row in search.ended[0][1].history]
    cool_downs = growth["multiply_adds"].tolist()
    grown = [3 * IMAGES * (stage + own) for stage, own in zip(stages, cool_downs, strict=False)]
    pruned = [3 * IMAGES * own for own in cool_downs[len(stages) :]]
    assert growth["work"].tolist() == np.cumsum([*grown, *pruned]).tolist()
    assert growth["work"].max() <= 0.42 * 6e7
    assert growth["part"].tolist() == ["grown"] * len(stages) + ["pruned"] * len(pruned)
    assert (len(stages), len(pruned)) == (3, 1)


def test_the_network_grows_within_the_limits_of_its_stages_and_is_pruned_within_its_own(ended):
    _, trials, networks = ended
    trunk = next(trial for trial in trials if isinstance(trial, LayerByLayer))
    growth = networks[networks["method"] == "growth"]["multiply_adds"].tolist()
    narrow_cost = forward(4, 4)

    assert trunk.limits == (narrow_cost, int(1.8 * narrow_cost), int(1.8**2 * narrow_cost))
    assert growth[0] == narrow_cost
    assert growth[0] < growth[1] <= trunk.limits[1] < growth[2] <= trunk.limits[2]
    assert narrow_cost <= growth[3] <= int(0.6 * trunk.limits[2])


def test_networks_on_a_front_are_those_that_no_other_one_of_the_search_dominates(ended):
    _, _, networks = ended
    for _, search in networks.groupby(["method", "seed"]):
        for row in search.itertuples():
            better = search[
                (search["multiply_adds"] <= row.multiply_adds)
                & (search["validation_accuracy"] >= row.validation_accuracy)
                & (
                    (search["multiply_adds"] < row.multiply_adds)
                    | (search["validation_accuracy"] > row.validation_accuracy)
                )
            ]
            assert row.is_front == (len(better) == 0)


def test_a_search_that_begins_again_makes_the_same_choices(ended, laboratory):
    _, trials, _ = ended
    again = []
    outcomes = {trial.key: Outcome(state="failed") for trial in trials}
    for search in ended[0].searches:
        outcomes |= {trial.key: outcome for trial, outcome in search.ended}
    found = searches(laboratory)
    for trial in found.trials():
        again.append(trial.key)
        found.tell(trial, outcomes[trial.key])

    assert again == [trial.key for trial in trials]
    assert len({trial.key for trial in trials if trial.changes["method"] == "random"}) > 3


def test_evolution_waits_for_each_training_and_all_of_growth_for_the_one_that_grows(laboratory):
    found = searches(laboratory, methods=["growth", "evolution"])
    trials = found.trials()
    trunk, first = next(trials), next(trials)
    assert next(trials) is None

    found.tell(first, Outcome(state="failed", reason="The training loss became nan"))
    second = next(trials)
    assert second.changes == {**first.changes, "number": 2, "widths": second.changes["widths"]}
    assert next(trials) is None
    found.tell(trunk, Outcome(state="failed"))
    assert next(trials) is None
    growth = next(search for search in found.searches if search.method == "growth")
    assert growth.is_done


def test_a_training_begins_with_random_weights_of_its_widths(laboratory):
    [random] = searches(laboratory, methods=["random"]).searches
    trial = random.ask()

    first, again = (trial.assemble(laboratory.data, MACHINE).state.network for _ in range(2))

    assert "-".join(map(str, first.widths)) == trial.changes["widths"]
    assert all(torch.equal(one, other) for one, other in zip(first.parameters(), again.parameters(), strict=True))
    wider = replace(trial, spec=trial.spec.with_widths([*trial.spec.widths, 4]))
    assert trial.key != wider.key
    assert trial.largest_training.initial_spec.widths == (16, 16)


def trunk_of(laboratory):
    [growth] = searches(laboratory, methods=["growth"]).searches
    return growth.trunk


def test_the_layer_whose_units_matter_most_per_multiply_add_is_widened(laboratory):
    trunk = trunk_of(laboratory)
    network = GrowingMLP((4, 4), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        network.hidden[0].norm.bias.fill_(-100)  # units of the first layer are never active
        network.hidden[1].norm.bias.fill_(1)  # those of the second layer always are
    state = TrainingState.begin(network, weight_decay=0.0, seed=0)
    probe = training_probe(laboratory.data.train, laboratory.data.split, 60, torch.device("cpu"))

    assert trunk.widen(state, forward(4, 12), probe)

    assert state.network.widths == state.average.widths == (4, 12)
    assert not trunk.widen(state, forward(4, 12), probe)
    old = torch.from_numpy(predict_logits(network, laboratory.data.test.images))
    new = torch.from_numpy(predict_logits(state.network, laboratory.data.test.images))
    assert torch.allclose(old, new, atol=1e-5)


def test_pruning_is_compensated_on_the_network_that_has_grown(laboratory):
    [growth] = searches(laboratory, methods=["growth"]).searches
    growth.tell(growth.ask(), growth.trunk.run(laboratory.data, MACHINE, lambda _: False))
    pruned = next(trial for trial in growth._waiting if isinstance(trial, Pruned))
    pruned = replace(pruned, limit=int(0.8 * growth.trunk.limits[-1]))
    images = laboratory.data.train.images[laboratory.data.split.train]

    state = pruned.assemble(laboratory.data, MACHINE).state

    whole = Checkpoint.read(growth.trunk.stages.path(pruned.epochs)).restore(torch.device("cpu")).average
    dropped = whole
    for group, width in enumerate(state.average.widths):
        kept = [
            unit
            for unit in range(whole.widths[group])
            if any(
                torch.equal(whole.hidden[group].norm.running_var[unit], found)
                for found in state.average.hidden[group].norm.running_var
            )
        ]
        assert len(kept) == width
        dropped = narrow(dropped, Narrowing.dropping(dropped.unit_groups()[group], torch.tensor(kept)))
    logits = [predict_logits(network, images) for network in (whole, state.average, dropped)]
    assert state.network.spec.forward_multiply_adds <= pruned.limit < whole.spec.forward_multiply_adds
    assert np.square(logits[1] - logits[0]).mean() < 0.7 * np.square(logits[2] - logits[0]).mean()


def networks_of(searches):
    """Rows of networks by method and seed: work, multiply-adds, validation and test error."""
    return pd.DataFrame(
        [
            {
                "method": method,
                "seed": seed,
                "work": work,
                "multiply_adds": cost,
                "validation_accuracy": 1 - error,
                "test_accuracy": 1 - test_error,
            }
            for (method, seed), rows in searches.items()
            for work, cost, error, test_error in rows
        ]
    )


def test_hypervolumes_are_areas_of_decades_and_compared_by_seed():
    study = config(methods=["growth", "random"], budget_multiply_adds=100, reference_error=0.1)
    widest = MLPSpec(hidden_widths=(16, 16), batch_norm=True).forward_multiply_adds
    tenth, half = widest / 10, widest / 10**0.5
    networks = networks_of(
        {
            ("growth", 0): [(20, tenth, 0.01, 0.02)],
            ("growth", 1): [(20, tenth, 0.05, 0.05), (50, tenth, 0.01, 0.01)],
            ("random", 0): [(50, tenth, 0.01, 0.01), (100, half, 0.02, 0.001)],
            ("random", 1): [(80, half, 0.01, 0.01)],
        }
    )

    table = hypervolume_table(networks, study, Volumes(study, 10)).set_index("method")
    by_work = hypervolume_by_work(networks, study, Volumes(study, 10))

    assert table["hypervolume"].to_dict() == pytest.approx({"growth": 1, "random": (1 + 0.5) / 2})
    assert table.loc["growth", "difference"] == pytest.approx(0.25)
    lost = np.log10(2)  # the network with the smallest test error is not on the front of the validation digits
    assert table["test_hypervolume"].to_dict() == pytest.approx({"growth": 1 - lost / 2, "random": 0.75})
    assert table.loc["growth", "test_difference"] == pytest.approx((0 - lost + 0.5) / 2)
    assert table.loc["growth", "work_share"] == pytest.approx((20 / 100 + 50 / 80) / 2)
    assert table.loc["growth", "difference_low"] < 0.25 < table.loc["growth", "difference_high"]
    growth = by_work[by_work["method"] == "growth"].set_index("work")["hypervolume"]
    assert growth.index.max() == 50
    assert growth[20.0] == pytest.approx((1 + np.log10(2)) / 2)
    assert growth[15.0] == 0


def test_the_work_share_is_missing_where_the_front_of_random_choices_is_not_reached():
    study = config(methods=["growth", "random"], reference_error=0.1)
    networks = networks_of({("growth", 0): [(1, 500, 0.05, 0.05)], ("random", 0): [(1, 500, 0.04, 0.04)]})

    table = hypervolume_table(networks, study, Volumes(study, 10)).set_index("method")

    assert np.isnan(table.loc["growth", "work_share"])
    assert table.loc["random", "work_share"] == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"budget_multiply_adds": 1e6},
            "'search.budget_multiply_adds' is 1e.06, but the training of the widest .* takes",
        ),
        ({"growth": {"budget_share": 0.001}}, "but the share of growth, 6e.04, does not pay for its first stage"),
    ],
)
def test_a_budget_that_does_not_pay_for_one_training_is_refused(laboratory, changes, sentence):
    with pytest.raises(ValueError, match=sentence):
        searches(laboratory, **changes)


def test_another_kind_of_network_is_refused(laboratory):
    laboratory.recipe = replace(laboratory.recipe, network=configured.network(kind="residual"))
    with pytest.raises(ValueError, match=r"'network\.kind' is 'residual', but .*; set network\.kind=mlp"):
        searches(laboratory)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"max_width": 2}, "'search.max_width' is 2, less than 'search.min_width', 4"),
        ({"min_width": 6}, "are 6 and 16; expected multiples of 'search.width_step', 4"),
        ({"max_hidden_layers": 1, "min_hidden_layers": 2}, "less than 'search.min_hidden_layers', 2"),
        ({"growth": {"hidden_layers": 3}}, "'search.growth.hidden_layers' is 3; expected"),
        ({"methods": ["random", "random"]}, "each method only once"),
    ],
)
def test_parameters_of_a_search_are_checked(changes, sentence):
    with pytest.raises(ValidationError, match=sentence):
        config(**changes)
