import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

import configured
from mnist_growth.growth import planned_widths, scheduled_neurons
from mnist_growth.network import AttentionSpec, MLPSpec


def test_the_reference_schedule():
    config = configured.growth(initial_neurons=128, growth_rate=64, growth_epochs=20, max_neurons=512)
    widths = [scheduled_neurons(epoch, config) for epoch in range(150)]
    assert widths[0] == widths[19] == 128
    assert widths[20] == 192
    assert widths[119] == 448
    assert widths[120] == widths[149] == 512


@given(st.integers(1, 100), st.integers(1, 50), st.integers(1, 30), st.integers(0, 400), st.integers(0, 300))
def test_width_never_falls_and_stays_in_its_bounds(initial, rate, epochs, room, epoch):
    config = configured.growth(
        initial_neurons=initial, growth_rate=rate, growth_epochs=epochs, max_neurons=initial + room
    )
    now, later = scheduled_neurons(epoch, config), scheduled_neurons(epoch + 1, config)
    assert initial <= now <= later <= initial + room
    assert now == min(initial + rate * (epoch // epochs), initial + room)


def test_a_largest_width_below_the_first_is_refused():
    with pytest.raises(ValidationError, match="'growth.max_neurons' is 64, less than 'growth.initial_neurons', 128"):
        configured.growth(initial_neurons=128, max_neurons=64)


def perceptron(layers):
    return MLPSpec(hidden_widths=(4,) * layers, batch_norm=False)


def planned(*stages, **changes):
    plan = [{"epoch": epoch, "neurons": neurons} for epoch, neurons in stages]
    return configured.growth(trigger="plan", initial_neurons=4, max_neurons=20, plan=plan, **changes)


def test_a_plan_says_the_width_of_each_layer_from_each_stage_on():
    config = planned((2, [9, 4, 6]), (5, 12), (9, [20, 12, 12]))
    expected = [(4, 4, 4)] * 2 + [(9, 4, 6)] * 3 + [(12, 12, 12)] * 4 + [(20, 12, 12)] * 3
    assert [planned_widths(epoch, config, perceptron(3)) for epoch in range(12)] == expected


def test_a_stage_with_more_widths_adds_layers_after_the_last_one():
    config = planned((2, [9, 6]), (5, [9, 8, 6]), (7, 12))
    assert [planned_widths(epoch, config, perceptron(2)) for epoch in (0, 2, 5, 7)] == [
        (4, 4),
        (9, 6),
        (9, 8, 6),
        (12, 12, 12),
    ]


@pytest.mark.parametrize(
    ("stages", "sentence"),
    [
        ([(2, 9), (2, 12)], "stages at the epochs \\[2, 2\\]; list each epoch once, in increasing order"),
        ([(5, 9), (3, 12)], "stages at the epochs \\[5, 3\\]; list each epoch once, in increasing order"),
        ([(2, [9, 6]), (4, [12, 5])], "has the widths 12-5 at epoch 4 after 9-6; no width may decrease"),
        ([(2, 3)], "has the widths 3 at epoch 2 after 4; no width may decrease"),
        ([(2, 21)], "but 'growth.max_neurons' is 20"),
        ([(2, [9, 21])], "but 'growth.max_neurons' is 20"),
    ],
)
def test_a_plan_that_does_not_rise_is_refused(stages, sentence):
    with pytest.raises(ValidationError, match=sentence):
        planned(*stages)


def test_a_plan_with_fewer_widths_than_layers_is_refused():
    with pytest.raises(
        ValidationError, match="plan' has 2 widths at epoch 2, but the network has 3 groups of units by"
    ):
        planned((1, [5, 5, 5]), (2, [9, 6]))
    with pytest.raises(ValueError, match="plan' has 2 widths at epoch 2, but the network has 3 groups of units by"):
        planned_widths(2, planned((2, [9, 6])), perceptron(3))


def test_a_new_layer_has_all_its_groups_and_starts_as_wide_as_the_last_one():
    with pytest.raises(ValueError, match="a new layer must be at least as wide as the previous last layer"):
        planned_widths(4, planned((2, [9, 6]), (4, [9, 6, 5])), perceptron(2))
    blocks = AttentionSpec(
        patch_side=14, stream_width=3, head_width=2, neurons_per_head=4, heads=(1,), feed_forward_widths=(9,)
    )
    assert planned_widths(2, planned((2, [4, 12, 4, 9])), blocks) == (4, 12, 4, 9)
    with pytest.raises(ValueError, match="a new layer of this network has 2 groups of units; give one width for each"):
        planned_widths(2, planned((2, [4, 12, 4])), blocks)
    with pytest.raises(ValueError, match="a new layer must be at least as wide"):
        planned_widths(2, planned((2, [4, 12, 4, 8])), blocks)


def test_a_plan_and_its_trigger_belong_together():
    with pytest.raises(ValidationError, match="'growth.plan' is empty; add stages"):
        configured.growth(trigger="plan")
    with pytest.raises(ValidationError, match="'growth.trigger' is 'schedule' and does not use them"):
        configured.growth(plan=[{"epoch": 1, "neurons": 512}])
