import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from mnist_growth.network import GrowthConfig, scheduled_neurons


def test_the_reference_schedule():
    config = GrowthConfig(initial_neurons=128, growth_rate=64, growth_epochs=20, max_neurons=512)
    widths = [scheduled_neurons(epoch, config) for epoch in range(150)]
    assert widths[0] == widths[19] == 128
    assert widths[20] == 192
    assert widths[119] == 448
    assert widths[120] == widths[149] == 512


@given(st.integers(1, 100), st.integers(1, 50), st.integers(1, 30), st.integers(0, 400), st.integers(0, 300))
def test_width_never_falls_and_stays_in_its_bounds(initial, rate, epochs, room, epoch):
    config = GrowthConfig(initial_neurons=initial, growth_rate=rate, growth_epochs=epochs, max_neurons=initial + room)
    now, later = scheduled_neurons(epoch, config), scheduled_neurons(epoch + 1, config)
    assert initial <= now <= later <= initial + room
    assert now == min(initial + rate * (epoch // epochs), initial + room)


def test_a_largest_width_below_the_first_is_refused():
    with pytest.raises(ValidationError, match="max_neurons is 64, smaller than initial_neurons, 128"):
        GrowthConfig(initial_neurons=128, max_neurons=64)
