import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist_growth.drift import FEATURES, SlidingWindow


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(0, 30), max_size=10), st.integers(1, 40))
def test_the_window_keeps_the_newest_images_in_order(additions, size):
    window = SlidingWindow(size)
    everything = np.arange(sum(additions), dtype=np.float64)
    start = 0

    for count in additions:
        window.add(dict.fromkeys(FEATURES, everything[start : start + count]))
        start += count

    assert window.seen == len(everything)
    assert len(window) == min(size, len(everything))
    assert all(window.features[name].tolist() == everything[-size:].tolist() for name in FEATURES)


def test_a_missing_feature_is_an_error():
    with pytest.raises(KeyError):
        SlidingWindow(5).add({"ink": np.ones(3)})
