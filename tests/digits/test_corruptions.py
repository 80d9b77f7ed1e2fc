"""The corruptions of MNIST-C."""

import itertools

import numpy as np
import pytest
from skimage.feature import canny as skimage_canny
from skimage.filters import gaussian as skimage_gaussian
from skimage.transform import AffineTransform, warp

from mnist_growth.digits import sample_digits
from mnist_growth.digits.corruptions import CORRUPTIONS, SEVERITIES, corrupt
from mnist_growth.digits.corruptions.blur import gaussian
from mnist_growth.digits.corruptions.edges import canny
from mnist_growth.digits.corruptions.light import plasma_fractal
from mnist_growth.digits.corruptions.noise import salt_and_pepper, shot_noise

IMAGES = sample_digits().test.images[:60]
GREY = np.asarray(IMAGES, np.float32) / 255


def distances(name):
    """Root mean square distance from the original, for each severity."""
    return [float(np.sqrt(np.mean((corrupt(IMAGES, name, s, 0) / 255 - GREY) ** 2))) for s in SEVERITIES]


def test_there_are_the_fifteen_corruptions_of_the_paper():
    assert len(CORRUPTIONS) == 15


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_each_severity_is_further_from_the_original_than_the_one_before(name):
    found = distances(name)
    assert found[0] > 0.02
    assert all(after > before for before, after in itertools.pairwise(found)), found


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_seed_gives_the_same_images_and_the_originals_stay(name):
    before = IMAGES.copy()
    first, second = corrupt(IMAGES, name, 3, 1), corrupt(IMAGES, name, 3, 1)
    assert first.dtype == np.uint8
    assert first.shape == IMAGES.shape
    assert np.array_equal(first, second)
    assert np.array_equal(IMAGES, before)
    deterministic = {"scale", "brightness", "stripe", "canny_edges"}
    assert np.array_equal(first, corrupt(IMAGES, name, 3, 2)) == (name in deterministic)


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_images_are_corrupted_one_by_one(name):
    changed = IMAGES.copy()
    changed[7:] = 0
    assert np.array_equal(corrupt(changed, name, 4, 0)[:7], corrupt(IMAGES, name, 4, 0)[:7])


@pytest.mark.parametrize(
    ("name", "severity", "maps"),
    [
        ("shear", 3, [{"matrix": [[1, slope, 0], [0, 1, 0], [0, 0, 1]]} for slope in (-0.6, 0.6)]),
        ("scale", 4, [{"scale": 1 / 0.6}]),
        ("rotate", 2, [{"rotation": angle} for angle in (-0.4, 0.4)]),
        ("translate", 5, [{"translation": (x, y)} for x in (-5, 5) for y in (-5, 5)]),
    ],
)
def test_maps_of_the_plane_are_those_of_scikit_image(name, severity, maps):
    centred = [
        AffineTransform(translation=(-13.5, -13.5))
        + AffineTransform(**each)
        + AffineTransform(translation=(13.5, 13.5))
        for each in maps
    ]
    seen = set()
    for image, found in zip(IMAGES, corrupt(IMAGES, name, severity, 0), strict=True):
        candidates = [255 * warp(image / 255, inverse_map=each, order=1) for each in centred]
        errors = [np.abs(candidate - found).max() for candidate in candidates]
        assert min(errors) <= 0.51
        seen.add(int(np.argmin(errors)))
    assert len(seen) == len(maps)


def test_edges_are_those_of_scikit_image():
    assert np.array_equal(canny(GREY), [skimage_canny(image) for image in IMAGES / 255])
    assert np.array_equal(corrupt(IMAGES, "canny_edges", 5, 0), 255 * canny(GREY).astype(np.uint8))


def test_smoothing_is_that_of_scikit_image():
    expected = [skimage_gaussian(image, sigma=1.5) for image in IMAGES / 255]
    np.testing.assert_allclose(gaussian(GREY, 1.5), expected, atol=1e-6)


def test_shot_noise_has_mean_and_variance_of_photon_counts():
    grey = np.full((400, 28, 28), 0.4, np.float32)
    noisy = shot_noise(grey, 2, np.random.default_rng(0))
    assert noisy.mean() == pytest.approx(0.4, abs=0.002)
    assert noisy.var() == pytest.approx(0.4 / 25, rel=0.02)


def test_salt_and_pepper_replaces_a_share_of_the_pixels_and_more_of_the_same_with_a_larger_one():
    grey = np.full((100, 28, 28), 0.4, np.float32)
    few, many = (salt_and_pepper(grey, share, np.random.default_rng(0)) for share in (0.1, 0.3))
    assert np.mean(many == 1) == pytest.approx(0.15, abs=0.005)
    assert np.mean(many == 0) == pytest.approx(0.15, abs=0.005)
    changed = few != grey
    assert changed.mean() == pytest.approx(0.1, abs=0.005)
    assert np.array_equal(many[changed], few[changed])


def test_impulses_are_black_and_white():
    found = corrupt(IMAGES, "impulse_noise", 5, 0)
    changed = found != IMAGES
    assert set(np.unique(found[changed])) == {0, 255}


def test_glass_blur_moves_pixels_but_keeps_the_ink():
    inner = np.zeros((20, 28, 28), np.uint8)
    inner[:, 10:18, 10:18] = 200
    for severity in SEVERITIES:
        found = corrupt(inner, "glass_blur", severity, 0)
        assert found.sum() == pytest.approx(inner.sum(), rel=0.01)


def test_motion_blur_spreads_a_point_along_a_line_of_at_most_45_degrees():
    point = np.zeros((20, 28, 28), np.uint8)
    point[:, 14, 20] = 255
    found = corrupt(point, "motion_blur", 3, 0).astype(float)
    assert found.sum(axis=(1, 2)) == pytest.approx(255, abs=20)
    rows, columns = np.nonzero(found.sum(axis=0))
    assert columns.max() == 20
    assert (np.abs(rows - 14) <= 20 - columns + 1).all()


def test_a_stripe_is_inverted_and_the_rest_stays():
    found = corrupt(IMAGES, "stripe", 2, 0)
    assert np.array_equal(found[:, :, 12:16], 255 - IMAGES[:, :, 12:16])
    assert np.array_equal(np.delete(found, range(12, 16), axis=2), np.delete(IMAGES, range(12, 16), axis=2))


def test_brightness_adds_light_up_to_white():
    assert np.array_equal(corrupt(IMAGES, "brightness", 4, 0), np.minimum(IMAGES + np.float32(102), 255))


def test_fog_does_not_exceed_the_brightest_pixel_and_clouds_get_rougher_with_a_smaller_decay():
    assert (corrupt(IMAGES, "fog", 5, 0).max(axis=(1, 2)) <= IMAGES.max(axis=(1, 2))).all()
    smooth, rough = (plasma_fractal(50, decay, np.random.default_rng(0)) for decay in (3.0, 1.2))
    assert smooth.min() == 0
    assert smooth.max() == 1
    assert np.abs(np.diff(rough, axis=2)).mean() > 2 * np.abs(np.diff(smooth, axis=2)).mean()


@pytest.mark.parametrize("name", ["dotted_line", "zigzag"])
def test_lines_only_add_ink_and_one_more_with_each_severity(name):
    black = np.zeros((30, 28, 28), np.uint8)
    found = [corrupt(black, name, severity, 0) for severity in SEVERITIES]
    assert all((after >= before).all() for before, after in itertools.pairwise(found))
    columns = (found[4].max(axis=1) > 0).any(axis=0)
    expected = (np.arange(28) // 2) % 2 == 1 if name == "dotted_line" else np.isin(np.arange(28), range(2, 26))
    assert np.array_equal(columns, expected)


def test_mud_covers_more_with_each_severity():
    white = np.full((100, 28, 28), 255, np.uint8)
    covered = [(corrupt(white, "spatter", severity, 0) < 200).mean() for severity in SEVERITIES]
    assert covered == sorted(covered)
    assert corrupt(white, "spatter", 5, 0).min() == pytest.approx(63, abs=10)


@pytest.mark.parametrize(
    ("name", "severity", "message"),
    [
        ("snow", 1, "There is no corruption 'snow'; expected one of shot_noise, "),
        ("fog", 0, "The severity is 0; expected"),
        ("fog", 6, "The severity is 6; expected"),
    ],
)
def test_unknown_corruptions_and_severities_are_refused(name, severity, message):
    with pytest.raises(ValueError, match=message):
        corrupt(IMAGES, name, severity, 0)
