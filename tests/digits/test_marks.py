"""Lines of ruled paper are no ink, up to a thickness that depends on the size of the image."""

import numpy as np
import pytest

from mnist_growth.digits.marks import without_lines

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
