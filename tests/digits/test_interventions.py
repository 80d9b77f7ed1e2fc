import numpy as np
import pytest
from scipy import ndimage

from mnist_growth.digits import measure_style, sample_digits
from mnist_growth.digits.interventions import INTERVENTIONS, cut, shifted, slanted, thickened

IMAGES = sample_digits().test.images[:80]


@pytest.mark.parametrize("name", INTERVENTIONS)
def test_strength_zero_changes_nothing_and_every_other_step_does(name):
    intervention = INTERVENTIONS[name]

    assert sorted(intervention.steps) == list(intervention.steps)
    for step in intervention.steps:
        changed = intervention.change(IMAGES, step)
        assert changed.dtype == np.uint8
        assert (changed == IMAGES).all() == (step == 0)


@pytest.mark.parametrize("degrees", [-30, -10, 15, 30])
def test_slanting_adds_the_tangent_of_its_angle(degrees):
    before, after = (np.tan(np.radians(measure_style(images).slant)) for images in (IMAGES, slanted(IMAGES, degrees)))

    assert np.median(after - before) == pytest.approx(np.tan(np.radians(degrees)), abs=0.005)


def test_slanting_matches_scipy():
    shear = np.tan(np.radians(20))
    matrix = np.array([[1, 0], [shear, 1]])  # from rows and columns of the result to those of the original
    middle = np.array([13.5, 13.5])

    for image, sheared in zip(IMAGES[:10], slanted(IMAGES[:10], 20), strict=True):
        expected = ndimage.affine_transform(image.astype(float), matrix, middle - matrix @ middle, order=1)
        assert sheared == pytest.approx(np.round(expected), abs=1)


@pytest.mark.parametrize(("pixels", "gain"), [(-1, -0.84), (1, 1.2), (2, 2.2), (4, 4.9)])
def test_thickening_widens_the_stroke(pixels, gain):
    before, after = (measure_style(images).thickness for images in (IMAGES, thickened(IMAGES, pixels)))

    assert (after - before).mean() == pytest.approx(gain, abs=0.15)


@pytest.mark.parametrize("pixels", [-2, 1, 3])
def test_thickening_matches_scipy(pixels):
    radius = abs(pixels)
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    change = ndimage.grey_dilation if pixels > 0 else ndimage.grey_erosion

    for image, changed in zip(IMAGES[:5], thickened(IMAGES[:5], pixels), strict=True):
        doubled = np.kron(image, np.ones((2, 2), np.uint8))
        expected = change(doubled, footprint=x**2 + y**2 <= radius**2, mode="constant", cval=0)
        assert changed == pytest.approx(expected.reshape(28, 2, 28, 2).mean(axis=(1, 3)), abs=0.51)


def test_cut_erases_only_a_disk_of_the_stroke():
    for pixels in (2, 5, 8):
        changed = cut(IMAGES, pixels)
        for before, after in zip(IMAGES, changed, strict=True):
            lost = np.argwhere(before != after)
            assert len(lost) >= 1
            assert (after[before != after] == 0).all()
            assert np.ptp(lost, axis=0).max() < pixels


def test_larger_cuts_contain_smaller_ones_and_break_more_strokes():
    small, large = cut(IMAGES, 3), cut(IMAGES, 6)

    assert (large <= small).all()
    parts = [measure_style(images).components.mean() for images in (IMAGES, small, large)]
    assert parts == sorted(parts)
    assert parts[2] > parts[0] + 0.3
    assert (cut(IMAGES, 6, seed=1) != large).any()


def test_shift_moves_every_pixel():
    image = np.zeros((1, 28, 28), np.uint8)
    image[0, 10, 5] = 7

    assert np.argwhere(shifted(image, right=3, down=-2)[0]).tolist() == [[8, 8]]
    assert np.argwhere(shifted(image, right=-6)[0]).tolist() == []
    assert np.argwhere(shifted(image, down=40)[0]).tolist() == []
