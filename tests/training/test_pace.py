import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

import configured
from mnist_growth.digits import draw_warps
from mnist_growth.training import (
    CheckpointStore,
    learning_rate,
    train,
    warp_strength,
)


def config(**schedule):
    return configured.training(epochs=20, learning_rate=0.01, learning_rate_schedule=schedule)


def test_warm_up_rises_linearly_from_zero():
    rates = [learning_rate(epoch, config(warmup_epochs=4)) for epoch in (0, 1, 2, 4)]
    assert rates == pytest.approx([0, 0.0025, 0.005, 0.01])


def test_cosine_falls_to_the_floor_with_the_last_epoch():
    cosine = config(schedule="cosine", warmup_epochs=2, floor=0.001)
    assert learning_rate(2, cosine) == pytest.approx(0.01)
    assert learning_rate(11, cosine) == pytest.approx((0.01 + 0.001) / 2)
    assert learning_rate(20, cosine) == pytest.approx(0.001)
    assert learning_rate(6.5, cosine) == pytest.approx(0.001 + 0.009 * (1 + math.cos(math.pi / 4)) / 2)


def test_decay_follows_the_documented_formula():
    decay = config(schedule="decay", warmup_epochs=2, decay=0.5, patience=4, floor=0.002)
    for epoch in (2, 3, 6, 8):
        assert learning_rate(epoch, decay) == pytest.approx(0.01 * 0.5 ** ((epoch - 2) / 4))
    assert learning_rate(20, decay) == 0.002


@given(
    st.floats(0, 30),
    st.sampled_from(["cosine", "decay"]),
    st.floats(0, 20),
    st.floats(0.1, 1),
    st.floats(0.5, 50),
)
def test_the_rate_stays_between_zero_and_its_peak(epoch, schedule, warmup, decay, patience):
    rate = learning_rate(epoch, config(schedule=schedule, warmup_epochs=warmup, decay=decay, patience=patience))
    assert 0 <= rate <= 0.01 * (1 + 1e-12)


def test_no_warm_up_starts_at_the_peak():
    assert learning_rate(0, config(warmup_epochs=0)) == pytest.approx(0.01)


def test_warps_keep_their_strength_until_a_share_of_the_training_and_then_become_weaker_linearly():
    easing = configured.warps(ease_from=0.5, final_strength=0.2)
    strengths = [warp_strength(epoch, 40, easing) for epoch in (0, 10, 20, 30, 40, 50)]
    assert strengths == pytest.approx([1, 1, 1, 0.6, 0.2, 0.2])


@given(st.floats(0, 30), st.integers(1, 20))
def test_warps_that_are_not_eased_stay_as_strong_as_they_are(epoch, epochs):
    assert warp_strength(epoch, epochs, configured.warps(ease_from=1)) == 1


@given(st.floats(0, 30), st.floats(0, 1), st.floats(0, 1))
def test_the_strength_of_warps_lies_between_the_whole_and_the_last_one(epoch, ease_from, final):
    strength = warp_strength(epoch, 20, configured.warps(ease_from=ease_from, final_strength=final))
    assert final - 1e-9 <= strength <= 1


def test_a_training_weakens_its_warps_from_batch_to_batch(make_training, recorder, tmp_path, monkeypatch):
    seen = []

    def watch(count, config, generator, strength):
        seen.append(strength)
        return draw_warps(count, config, generator, strength)

    monkeypatch.setattr("mnist_growth.training.step.draw_warps", watch)
    training = make_training(training={"epochs": 4}, warps={"ease_from": 0.5, "final_strength": 0.0})
    train(training.begin(), training.data, training.setup, CheckpointStore(tmp_path), recorder, training.budget)
    batches = len(seen) // 4
    expected = [min(1.0, 2 - batch / (2 * batches)) for batch in range(4 * batches)]
    assert seen == pytest.approx(expected)
