"""What is not part of a digit: printed lines, and noise, which must not take long."""

import time

import numpy as np
import pytest

from mnist_growth.digits.canonical import canonical_form
from mnist_growth.digits.marks import strokes, without_lines

SIDE = 200


@pytest.mark.parametrize(("thickness", "is_line"), [(1, True), (6, True), (30, False)])
@pytest.mark.parametrize("axis", [0, 1])
def test_lines_are_removed_up_to_a_thickness(thickness: int, is_line: bool, axis: int) -> None:
    strength = np.zeros((SIDE, SIDE), np.float32)
    strength[40:100, 90:100] = 150
    strength[150 : 150 + thickness] = 150
    strength = strength if axis == 0 else strength.T
    found = without_lines(strength > 0, strength)
    found = found if axis == 0 else found.T
    assert found[40:100, 90:100].all()
    assert found[150 : 150 + thickness].any() != is_line


def test_of_many_patches_those_with_most_ink_are_looked_at() -> None:
    strength = np.zeros((SIDE, SIDE), np.float32)
    strength[2:-2:4, 2:-2:4] = 100
    assert len(strokes(strength > 0, strength)[1]) == 300
    strength[50:150:4, 98:103] = 100
    patches, found = strokes(strength > 0, strength)
    assert {patches[row, 100] for row in range(50, 150, 4)} <= {patch.label for patch in found}


def test_noise_does_not_take_long() -> None:
    """It has ten thousand patches; comparing each with each took a minute."""
    noise = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE), np.uint8)
    started = time.monotonic()
    canonical_form(noise)
    assert time.monotonic() - started < 10
