from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

import configured
from mnist_growth.growth import (
    Moment,
    equal_width,
    is_plateau,
    neurons_to_add,
    neurons_wanted,
    scheduled_neurons,
)
from mnist_growth.network import MLPSpec


def spec(widths):
    return MLPSpec(hidden_widths=tuple(widths), batch_norm=True)


@dataclass
class Outcome:
    validation_loss: float
    grew: bool = False


PLATEAU = configured.growth(trigger="plateau", plateau_improvement=0.1, plateau_epochs=2, cooldown_epochs=3)


@pytest.mark.parametrize(
    ("losses", "growths", "epochs_left", "expected"),
    [
        ([1.0, 0.95, 0.92], [], 10, True),  # 8 % better
        ([1.0, 0.95, 0.89], [], 10, False),  # 11 % better
        ([1.0, 0.89, 0.95], [], 10, False),  # the best of the last two counts
        ([1.0, 1.2, 1.3], [], 10, True),
        ([1.0, 0.99], [], 10, False),  # within the cooldown of the start
        ([1.0, 0.99, 0.99, 0.99], [2], 10, False),  # within the cooldown of a growth
        ([1.0, 0.99, 0.99, 0.99, 0.99], [2], 10, True),
        ([1.0, 0.95, 0.92], [], 3, True),
        ([1.0, 0.95, 0.92], [], 2, False),  # new units would not have time to learn
        ([], [], 10, False),
    ],
)
def test_a_plateau_is_a_small_relative_improvement_outside_the_cooldown(losses, growths, epochs_left, expected):
    for scale in (0.01, 1, 100):
        assert is_plateau([scale * loss for loss in losses], growths, epochs_left, PLATEAU) is expected


def test_without_epochs_before_the_last_ones_there_is_nothing_to_compare_with():
    config = configured.growth(trigger="plateau", plateau_epochs=5, cooldown_epochs=1)
    assert not is_plateau([1.0] * 5, [], 10, config)
    assert is_plateau([1.0] * 6, [], 10, config)


def test_a_plateau_adds_the_growth_rate_until_there_is_no_room():
    history = [Outcome(1.0)] * 4
    for neurons, expected in ((128, 192), (480, 512), (512, 512)):
        assert neurons_wanted(Moment(4, 20, spec([neurons] * 3), history), PLATEAU) == expected
    falling = [Outcome(2.0**-epoch) for epoch in range(4)]
    assert neurons_wanted(Moment(4, 20, spec([128] * 3), falling), PLATEAU) == 128
    assert neurons_wanted(Moment(4, 20, spec([128] * 3), [*history[:3], Outcome(1.0, grew=True)]), PLATEAU) == 128


@settings(deadline=None)
@given(st.sampled_from(["schedule", "plateau"]), st.integers(0, 60), st.integers(8, 512))
def test_no_trigger_shrinks_the_network_or_passes_its_largest_width(trigger, epoch, neurons):
    config = configured.growth(trigger=trigger, initial_neurons=8, growth_epochs=20)
    wanted = neurons_wanted(Moment(epoch, 60, spec([neurons] * 2), [Outcome(1.0)] * epoch), config)
    assert neurons <= wanted <= 512


def test_a_plan_has_no_single_width():
    config = configured.growth(trigger="plan", plan=[{"epoch": 1, "neurons": 200}])
    with pytest.raises(ValueError, match="use planned_widths"):
        neurons_wanted(Moment(epoch=1, epochs=10, spec=spec([128] * 2), history=[]), config)


def test_the_schedule_is_the_default():
    config = configured.growth(growth_epochs=20)
    for epoch in (0, 19, 20, 130):
        expected = max(200, scheduled_neurons(epoch, config))
        assert neurons_wanted(Moment(epoch, 150, spec([200] * 3), []), config) == expected


@settings(deadline=None)
@given(
    st.lists(st.integers(4, 20), min_size=1, max_size=4),
    st.integers(4, 20),
    st.lists(st.floats(0, 1), min_size=4, max_size=4),
)
def test_both_places_cost_the_same_to_within_a_unit(widths, neurons, gains):
    neurons = max(neurons, equal_width(spec(widths)))
    best = configured.growth(where="largest_gain", initial_neurons=4, max_neurons=20)
    counts = neurons_to_add(spec(widths), neurons, best, gains[: len(widths)])
    assert all(0 <= count <= 20 - width for width, count in zip(widths, counts, strict=True))
    after = [width + count for width, count in zip(widths, counts, strict=True)]
    cost, target = (spec(sizes).forward_multiply_adds for sizes in (after, [neurons] * len(widths)))
    assert cost <= max(target, spec(widths).forward_multiply_adds)
    assert target - cost < 784 + 20  # what a unit of the first layer costs
    everywhere = neurons_to_add(
        spec([4] * len(widths)), neurons, configured.growth(initial_neurons=4, max_neurons=20), []
    )
    assert everywhere == [neurons - 4] * len(widths)


def test_at_the_largest_width_all_layers_have_it_wherever_the_network_grew():
    config = configured.growth(where="largest_gain", initial_neurons=4, max_neurons=20)
    widths = [4, 4, 4]
    for neurons, gains in ((9, [0.1, 0.3, 0.2]), (13, [0.1, 0.2, 0.3]), (20, [0.3, 0.2, 0.1])):
        counts = neurons_to_add(spec(widths), neurons, config, gains)
        widths = [width + count for width, count in zip(widths, counts, strict=True)]
        assert equal_width(spec(widths)) == neurons
    assert widths == [20, 20, 20]


def test_the_layer_with_the_largest_gain_grows_first_and_what_it_cannot_take_goes_to_the_next():
    config = configured.growth(where="largest_gain", initial_neurons=4, max_neurons=100)
    assert neurons_to_add(spec([10, 10, 10]), 11, config, [0.3, 0.2, 0.1]) == [
        1,
        2,
        0,
    ]  # 836 to spend, 794 and 21 a unit
    assert neurons_to_add(spec([10, 10, 10]), 11, config, [0.1, 0.2, 0.3]) == [0, 0, 41]  # 20 a unit
    tight = configured.growth(where="largest_gain", initial_neurons=4, max_neurons=20)
    assert neurons_to_add(spec([10, 18, 10]), 14, tight, [0.1, 0.3, 0.2])[1:] == [2, 10]


@pytest.mark.parametrize("name", ["operator", "trigger", "where"])
def test_a_wrong_name_lists_the_valid_ones(name):
    with pytest.raises(ValidationError) as refusal:
        configured.growth(**{name: "net2nett"})
    valid = {
        "operator": ("zero_fan_out", "net2net_split", "paired", "gradient_directed", "random"),
        "trigger": ("schedule", "plateau", "budget", "plan"),
        "where": ("all", "largest_gain"),
    }
    assert all(f"'{choice}'" in str(refusal.value) for choice in valid[name])


class InFours(MLPSpec):
    """A perceptron whose second layer has units of four neurons."""

    @property
    def unit_sizes(self):
        return (1, 4)


def test_units_of_several_neurons_are_counted_in_neurons_and_added_as_a_whole():
    grouped = InFours(hidden_widths=(20, 5), batch_norm=True)
    assert grouped.neurons == (20, 20)
    assert equal_width(grouped) == 20
    assert neurons_to_add(grouped, 31, configured.growth(), []) == [11, 2]
    assert grouped.with_neurons([8, 3]).widths == (8, 1)
    config = configured.growth(where="largest_gain", initial_neurons=20, max_neurons=40)
    assert neurons_to_add(grouped, 40, config, [0.1, 0.2])[1] == 5  # no more than 40 neurons
