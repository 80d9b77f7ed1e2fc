import numpy as np
import pytest
from scipy import ndimage
from skimage import measure, morphology, transform

from mnist_growth.digits import Style, measure_style, sample_digits

SUPERSAMPLING = 16  # sub-pixels per pixel of a drawn shape


def canvas() -> np.ndarray:
    return np.zeros((28, 28), np.uint8)


def bar(thickness: int, gap: int = 0) -> np.ndarray:
    """An upright bar of 20 pixels, perhaps broken."""
    image = canvas()
    image[4:24, 10 : 10 + thickness] = 255
    image[12 : 12 + gap] = 0
    return image


def drawn(shape) -> np.ndarray:
    """A shape as a camera would see it: ``shape`` says of points (x, y) from the centre whether they are inside."""
    points = (np.arange(28 * SUPERSAMPLING) + 0.5) / SUPERSAMPLING - 14
    inside = shape(points[np.newaxis], points[:, np.newaxis])
    return np.round(255 * inside.reshape(28, SUPERSAMPLING, 28, SUPERSAMPLING).mean(axis=(1, 3))).astype(np.uint8)


def stroke(thickness: float, degrees: float) -> np.ndarray:
    """A straight stroke that leans to the right by `degrees`."""
    angle = np.radians(degrees)
    return drawn(
        lambda x, y: (
            (abs(x * np.cos(angle) + y * np.sin(angle)) < thickness / 2)
            & (abs(y * np.cos(angle) - x * np.sin(angle)) < 10)
        )
    )


def ring(thickness: float, opening: int = 0) -> np.ndarray:
    """A circle of radius 7, perhaps broken at its top."""
    image = drawn(lambda x, y: abs(np.hypot(x, y) - 7) < thickness / 2)
    image[:14, 13 : 13 + opening] = 0
    return image


def one(image: np.ndarray) -> dict[str, float]:
    return {name: values[0] for name, values in vars(measure_style(image[np.newaxis])).items()}


@pytest.mark.parametrize("thickness", range(1, 8))
def test_the_thickness_of_an_upright_bar_is_its_width(thickness):
    assert one(bar(thickness))["thickness"] == pytest.approx(thickness, abs=0.05)


@pytest.mark.parametrize("thickness", [2, 2.5, 3, 4])
def test_the_thickness_of_a_stroke_in_any_direction(thickness):
    strokes = np.stack([stroke(thickness, degrees) for degrees in range(-85, 90, 5)])

    measured = measure_style(strokes).thickness

    assert measured.mean() == pytest.approx(thickness, abs=0.15)
    assert measured == pytest.approx(thickness, abs=0.7)


@pytest.mark.parametrize("thickness", [2, 3, 4.5])
def test_the_thickness_of_a_ring(thickness):
    assert one(ring(thickness))["thickness"] == pytest.approx(thickness, abs=0.25)


@pytest.mark.parametrize("degrees", [-40, -15, 0, 10, 30])
def test_the_slant_of_a_sheared_bar_is_the_angle_of_the_shear(degrees):
    upright = drawn(lambda x, y: (abs(x) < 1.5) & (abs(y) < 10)).astype(float)
    matrix = np.array([[1, np.tan(np.radians(degrees)), 0], [0, 1, 0], [0, 0, 1]])  # to the right with falling y
    shift = transform.EuclideanTransform(translation=(-13.5, -13.5))
    about_centre = shift + transform.AffineTransform(matrix * [[1, -1, 1], [1, 1, 1], [1, 1, 1]]) + shift.inverse
    sheared = transform.warp(upright, about_centre.inverse, preserve_range=True)

    assert one(sheared.round().astype(np.uint8))["slant"] == pytest.approx(degrees, abs=0.5)


def test_moments_match_scikit_image():
    images = sample_digits().test.images[:30]
    style = measure_style(images)

    for image, slant, x, y in zip(images, style.slant, style.centre_x, style.centre_y, strict=True):
        moments = measure.moments_central(image.astype(float), order=2)
        assert slant == pytest.approx(np.degrees(np.arctan(-moments[1, 1] / moments[2, 0])), abs=1e-9)
        assert (y + 13.5, x + 13.5) == pytest.approx(measure.centroid(image.astype(float)))


def test_batched_skeleton_and_distance_match_single_images():
    images = sample_digits().test.images[:30]
    style = measure_style(images)

    for image, thickness, ends in zip(images, style.thickness, style.end_points, strict=True):
        # order 1 with the pixel grids aligned at the borders of the image
        doubled = ndimage.zoom(image.astype(float), 2, order=1, grid_mode=True, mode="nearest")
        mask = np.pad(doubled > image.max() / 2, 1)
        skeleton, distance = morphology.medial_axis(mask, return_distance=True)
        skeleton = morphology.skeletonize(mask)
        neighbours = ndimage.generic_filter(skeleton.astype(int), np.sum, size=3, mode="constant") - 1
        assert thickness == pytest.approx(distance[skeleton].mean())
        assert ends == (skeleton & (neighbours == 1)).sum()


def test_components_holes_and_box_match_scikit_image():
    images = sample_digits().test.images[:200]
    style = measure_style(images)

    for position, image in enumerate(images):
        mask = image > image.max() / 2
        [region] = measure.regionprops(mask.astype(int))
        top, left, bottom, right = region.bbox
        assert style.components[position] == measure.label(mask, connectivity=2).max()
        assert style.components[position] - style.holes[position] == measure.euler_number(mask, connectivity=2)
        box = (style.left[position], style.top[position], style.width[position], style.height[position])
        assert box == (left, top, right - left, bottom - top)
        assert style.ink[position] == pytest.approx(image.mean())


@pytest.mark.parametrize("thickness", [1, 2, 3, 4])
@pytest.mark.parametrize(("gap", "gaps"), [(1, 1), (2, 1), (3, 0), (5, 0)])
def test_broken_bar_has_two_components_and_a_gap_if_the_break_is_narrow(thickness, gap, gaps):
    intact, broken = one(bar(thickness)), one(bar(thickness, gap))

    assert (intact["components"], intact["gaps"], intact["end_points"]) == (1, 0, 2)
    assert (broken["components"], broken["gaps"], broken["end_points"]) == (2, gaps, 4)


def test_broken_ring_is_one_component_with_a_gap_and_two_ends():
    intact, broken, open_ring = one(ring(3)), one(ring(3, opening=2)), one(ring(3, opening=5))

    assert [intact[name] for name in ("components", "holes", "gaps", "end_points")] == [1, 1, 0, 0]
    assert [broken[name] for name in ("components", "holes", "gaps", "end_points")] == [1, 0, 1, 2]
    assert [open_ring[name] for name in ("components", "holes", "gaps", "end_points")] == [1, 0, 0, 2]


def test_position_and_size_of_a_block():
    image = canvas()
    image[3:9, 20:24] = 200

    style = one(image)

    assert [style[name] for name in ("left", "top", "width", "height")] == [20, 3, 4, 6]
    assert (style["centre_x"], style["centre_y"]) == pytest.approx((21.5 - 13.5, 5.5 - 13.5))
    assert style["ink"] == pytest.approx(200 * 24 / 784)


def test_shift_changes_only_the_position():
    image = np.pad(sample_digits().test.images[3][4:24, 4:24], 4)
    before, after = one(image), one(np.roll(image, (3, -2), axis=(0, 1)))

    moved = {"left": -2, "top": 3, "centre_x": -2, "centre_y": 3}
    for name, value in before.items():
        assert after[name] - value == pytest.approx(moved.get(name, 0), abs=1e-9), name


def test_measures_do_not_depend_on_the_batch():
    images = sample_digits().train.images[:600]  # more than are measured at once
    together, alone = vars(measure_style(images)), vars(measure_style(images[301:302]))

    assert {name: values[301] for name, values in together.items()} == {name: value[0] for name, value in alone.items()}
    assert len(measure_style(images)) == 600


def test_ink_at_the_border_does_not_connect_to_the_next_image():
    style = measure_style(np.full((3, 28, 28), 255, np.uint8))

    assert style.components.tolist() == [1, 1, 1]
    assert style.holes.tolist() == [0, 0, 0]
    assert style.gaps.tolist() == [0, 0, 0]
    assert style.width.tolist() == [28, 28, 28]


def test_brightness_changes_only_the_ink_measure():
    image = sample_digits().test.images[7] // 4
    strong, faint = one(image * 4), one(image)

    assert {name for name in strong if strong[name] != pytest.approx(faint[name])} == {"ink"}


def test_an_image_without_ink_has_no_slant_thickness_or_centre():
    style = one(canvas())

    assert {name for name, value in style.items() if np.isnan(value)} == {"slant", "thickness", "centre_x", "centre_y"}
    assert {value for value in style.values() if not np.isnan(value)} == {0}


def test_counts_are_integers_and_measures_are_floats():
    style = measure_style(bar(3)[np.newaxis])

    integers = {name for name, values in vars(style).items() if values.dtype == np.int64}
    assert integers == {"components", "holes", "gaps", "end_points", "left", "top", "width", "height"}
    assert {values.dtype.name for values in vars(style).values()} == {"int64", "float64"}
    assert isinstance(style, Style)


@pytest.mark.parametrize(
    ("images", "expected"),
    [
        (np.zeros((28, 28), np.uint8), r"uint8 \[28, 28\], expected uint8 \[N, H, W\]"),
        (np.zeros((2, 28, 28), np.float32), r"float32 \[2, 28, 28\], expected uint8"),
        (np.zeros((0, 28, 28), np.uint8), "no images"),
    ],
)
def test_invalid_images_are_rejected(images, expected):
    with pytest.raises(ValueError, match=expected):
        measure_style(images)
