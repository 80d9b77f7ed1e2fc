import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy import ndimage

import configured
from mnist_growth.digits.config import WarpConfig
from mnist_growth.digits.warps import (
    _affine_maps,
    apply_warps,
    draw_warps,
    grid_basis,
    inverse_affine,
    sample,
    sampling_grid,
    warp,
)

CPU = torch.device("cpu")
NONE = {
    "rotation_degrees": 0,
    "scale": 0,
    "shear_degrees": 0,
    "translation_pixels": 0,
    "elastic_alpha_pixels": 0,
}


def _generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _images(count: int, seed: int = 0) -> torch.Tensor:
    return torch.randint(0, 256, (count, 28, 28), dtype=torch.uint8, generator=_generator(seed))


def _affine(rotation=0.0, shear=0.0, scale=(1.0, 1.0), translation=(0.0, 0.0)) -> torch.Tensor:
    values = ([rotation], [shear], [scale], [translation])
    return inverse_affine(*(torch.tensor(value, dtype=torch.float32) for value in values))


def _apply_affine(images: torch.Tensor, **strengths) -> torch.Tensor:
    """The given images (N = 1) under a known affine warp and no field."""
    no_field = torch.zeros(1, 2, 0, 0)
    return sample(images.float(), sampling_grid(_affine(**strengths), no_field, grid_basis(0, 4, CPU)))


def _random_affine(count: int, config: WarpConfig) -> torch.Tensor:
    return _affine_maps(torch.rand(count, 6, generator=_generator()), config, 1.0)


def _pixels(grid: torch.Tensor) -> torch.Tensor:
    """Normalised coordinates as pixel indices."""
    return (grid + 1) * 14 - 0.5


@pytest.mark.parametrize("config", [configured.warps(**NONE), configured.warps(enabled=False)])
def test_zero_strength_leaves_images_unchanged(config):
    images = _images(4)

    warped = warp(images, config, _generator())

    assert warped.dtype == torch.float32
    assert torch.equal(warped, images.float())


def test_warps_are_reproducible_and_differ_between_batches():
    images, generator = _images(4), _generator()
    state = generator.get_state()

    first = warp(images, configured.warps(), generator)
    second = warp(images, configured.warps(), generator)
    generator.set_state(state)

    assert torch.equal(first, warp(images, configured.warps(), generator))
    assert not torch.equal(first, second)


def test_global_generator_is_not_used():
    before = torch.get_rng_state()

    warp(_images(4), configured.warps(), _generator())

    assert torch.equal(before, torch.get_rng_state())


def test_images_have_different_warps_and_the_input_is_not_modified():
    images = _images(1).repeat(3, 1, 1)
    copy = images.clone()

    warped = warp(images, configured.warps(images_per_warp=1), _generator())

    assert torch.equal(images, copy)
    assert not torch.equal(warped[0], warped[1])
    assert not torch.equal(warped[1], warped[2])


def test_consecutive_images_share_a_warp():
    images = _images(1).repeat(8, 1, 1)

    warped = warp(images, configured.warps(images_per_warp=3), _generator())

    groups = [warped[:3], warped[3:6], warped[6:]]
    assert all(torch.equal(group, group[:1].expand_as(group)) for group in groups)
    assert not torch.equal(groups[0][0], groups[1][0])
    assert not torch.equal(groups[1][0], groups[2][0])


@settings(deadline=None, max_examples=60)
@given(count=st.integers(1, 30), each=st.integers(1, 9), cuts=st.lists(st.integers(0, 30), max_size=4))
def test_warps_do_not_depend_on_how_a_batch_is_divided(count, each, cuts):
    images = _images(count)
    warps = draw_warps(count, configured.warps(images_per_warp=each), _generator())
    bounds = [0, *sorted(min(cut, count) for cut in cuts), count]

    undivided = apply_warps(images, warps)
    parts = [slice(start, stop) for start, stop in itertools.pairwise(bounds) if start < stop]
    divided = torch.cat([apply_warps(images[part], warps[part]) for part in parts])
    one_by_one = [
        sample(image.float().unsqueeze(0), warps.grid(slice(i // each, i // each + 1)))
        for i, image in enumerate(images)
    ]

    torch.testing.assert_close(divided, undivided, atol=1e-2, rtol=0)
    torch.testing.assert_close(torch.cat(one_by_one), undivided, atol=1e-2, rtol=0)


@pytest.mark.parametrize("strength", [0.0, 0.3, 1.0, torch.tensor(0.3)])
def test_strength_scales_the_parameters(strength):
    strong = configured.warps(
        rotation_degrees=10, scale=0.2, shear_degrees=5, translation_pixels=2, elastic_alpha_pixels=30
    )
    names = ("rotation_degrees", "scale", "shear_degrees", "translation_pixels", "elastic_alpha_pixels")
    weak = strong.model_copy(update={name: getattr(strong, name) * float(strength) for name in names})
    images = _images(8)

    eased = apply_warps(images, draw_warps(8, strong, _generator(), strength))

    expected = images.float() if strength == 0 else apply_warps(images, draw_warps(8, weak, _generator()))
    torch.testing.assert_close(eased, expected, atol=0.05, rtol=0)


def test_uint8_and_float32_images_give_equal_results():
    images = _images(4)

    from_uint8 = warp(images, configured.warps(), _generator())
    from_float = warp(images.float(), configured.warps(), _generator())

    assert torch.equal(from_uint8, from_float)


@settings(deadline=None, max_examples=40)
@given(
    config=st.builds(
        WarpConfig,
        enabled=st.just(True),
        rotation_degrees=st.floats(0, 180),
        scale=st.floats(0, 0.95),
        shear_degrees=st.floats(0, 60),
        translation_pixels=st.floats(0, 28),
        elastic_alpha_pixels=st.floats(0, 1000),
        elastic_sigma_pixels=st.floats(1, 28),
    ),
    seed=st.integers(0, 1000),
)
def test_any_strength_gives_finite_grey_values(config, seed):
    white = torch.full((3, 28, 28), 255, dtype=torch.uint8)

    for images in (white, _images(3, seed)):
        warped = warp(images, config, _generator(seed))

        assert warped.shape == (3, 28, 28)
        assert torch.isfinite(warped).all()
        assert warped.min() >= 0
        assert warped.max() <= 255


def test_sampling_matches_scipy():
    images = _images(8).float()
    basis = grid_basis(32, 4, CPU)
    noise = torch.randn(8, 2, basis.shape[1] - 2, basis.shape[1] - 2, generator=_generator())
    grid = sampling_grid(_random_affine(8, configured.warps()), noise, basis)

    warped = sample(images, grid)

    points = _pixels(grid).double().numpy()
    for image, point, result in zip(images.numpy(), points, warped.numpy(), strict=True):
        padded = np.pad(image, 20)  # scipy does not blend with the zeros beyond the border
        rows_and_columns = np.stack((point[..., 1], point[..., 0])) + 20
        expected = ndimage.map_coordinates(padded, rows_and_columns, order=1)
        np.testing.assert_allclose(result, expected, atol=0.02)


@pytest.mark.parametrize(("quarter_turns", "degrees"), [(-1, 90), (1, -90), (2, 180)])
def test_a_positive_rotation_is_clockwise(quarter_turns, degrees):
    images = _images(1)

    turned = _apply_affine(images, rotation=math.radians(degrees))

    expected = torch.rot90(images.float(), quarter_turns, dims=(1, 2))
    torch.testing.assert_close(turned, expected, atol=0.01, rtol=0)


def test_shift_by_full_pixels_is_exact():
    images = _images(1)

    shifted = _apply_affine(images, translation=(3 / 14, -2 / 14))  # 3 right, 2 up

    expected = torch.zeros(1, 28, 28)
    expected[:, :-2, 3:] = images[:, 2:, :-3]
    torch.testing.assert_close(shifted, expected, atol=0.01, rtol=0)


def test_a_scale_above_one_enlarges():
    images = torch.zeros(1, 28, 28)
    images[:, 7:21, 7:21] = 255

    wide = _apply_affine(images, scale=(2.0, 1.0))

    assert torch.all(wide[0, 7:21, 1:27] == 255)  # twice as wide, as high as before
    assert torch.all(wide[0, :6] == 0)


@settings(deadline=None, max_examples=30)
@given(
    rotation=st.floats(-3, 3),
    shear=st.floats(-1, 1),
    scale=st.tuples(st.floats(0.5, 2), st.floats(0.5, 2)),
    translation=st.tuples(st.floats(-1, 1), st.floats(-1, 1)),
)
def test_the_affine_map_inverts_scale_shear_rotation_and_shift(rotation, shear, scale, translation):
    forward = (
        np.array([[math.cos(rotation), -math.sin(rotation)], [math.sin(rotation), math.cos(rotation)]])
        @ np.array([[1, math.tan(shear)], [0, 1]])
        @ np.diag(scale)
    )

    inverse = _affine(rotation, shear, scale, translation)[0].double().numpy()

    np.testing.assert_allclose(inverse[:, :2] @ forward, np.eye(2), atol=1e-5)
    np.testing.assert_allclose(inverse[:, :2] @ np.array(translation) + inverse[:, 2], 0, atol=1e-5)


def test_affine_parameters_are_uniform_within_their_limits():
    config = configured.warps(rotation_degrees=10, scale=0, shear_degrees=0, translation_pixels=0)

    rotations = _random_affine(4000, config)[:, 0, 1].asin().rad2deg()

    assert rotations.abs().max() <= 10.001
    assert rotations.std() == pytest.approx(20 / math.sqrt(12), rel=0.03)

    config = configured.warps(rotation_degrees=0, scale=0.15, shear_degrees=0, translation_pixels=0)
    scales = 1 / _random_affine(4000, config)[:, [0, 1], [0, 1]]
    assert scales.min() == pytest.approx(0.85, abs=0.001)
    assert scales.max() == pytest.approx(1.15, abs=0.001)

    config = configured.warps(rotation_degrees=0, scale=0, shear_degrees=0, translation_pixels=2)
    shifts = _random_affine(4000, config)[:, :, 2] * 14
    assert shifts.abs().max() == pytest.approx(2, abs=0.01)


def test_all_parameters_of_an_affine_warp_are_drawn_independently():
    config = configured.warps(rotation_degrees=15, scale=0.15, shear_degrees=15, translation_pixels=2)

    inverse = _random_affine(4000, config).double().numpy()

    forward = np.linalg.inv(inverse[:, :, :2])  # rotation @ shear @ scale, of which shear @ scale is upper triangular
    rotation = np.arctan2(forward[:, 1, 0], forward[:, 0, 0])
    cos, sin = np.cos(rotation), np.sin(rotation)
    turned_back = np.stack([np.stack([cos, sin], 1), np.stack([-sin, cos], 1)], 1) @ forward
    translation = -(forward @ inverse[:, :, 2:])[:, :, 0]
    shear = turned_back[:, 0, 1] / turned_back[:, 1, 1]
    drawn = np.stack([rotation, shear, turned_back[:, 0, 0], turned_back[:, 1, 1], *translation.T])
    assert drawn.std(1).min() > 0.05
    correlation = np.corrcoef(drawn) - np.eye(6)
    assert np.abs(correlation).max() < 0.07  # the deviation of a fair draw is 0.016


@pytest.mark.parametrize("sigma", [1, 2, 4, 6])
def test_the_elastic_field_has_its_strength_and_correlation_in_every_pixel_also_at_the_border(sigma):
    bumps = grid_basis(32, sigma, CPU)[:, :-2].double()

    distance = torch.arange(28.0)[:, None] - torch.arange(28.0)
    covariance = bumps @ bumps.T / bumps[14].square().sum()
    expected = torch.exp(-(distance.double() ** 2) / (4 * sigma**2))
    torch.testing.assert_close(covariance, expected, rtol=0, atol=0.006)


@pytest.mark.parametrize(("alpha", "sigma"), [(32, 4), (34, 6), (8, 2)])
def test_the_elastic_field_matches_smoothed_fine_noise(alpha, sigma):
    basis = grid_basis(alpha, sigma, CPU)
    bumps = basis.shape[1] - 2
    identity = torch.eye(2, 3).repeat(1000, 1, 1)
    noise = torch.randn(1000, 2, bumps, bumps, generator=_generator())
    field = _pixels(sampling_grid(identity, noise, basis)).numpy()
    field[..., 0] -= np.arange(28)
    field[..., 1] -= np.arange(28)[:, None]

    fine = np.random.default_rng(0).uniform(-1, 1, (60, 400, 400)).astype(np.float32)
    smooth = ndimage.gaussian_filter(fine, (0, sigma, sigma)) * alpha
    reference = smooth[:, 5 * sigma : -5 * sigma, 5 * sigma : -5 * sigma]  # scipy mirrors the noise at the border

    assert field.std() == pytest.approx(reference.std(), rel=0.02)
    for axis in (0, 1):  # the same strength along x and y, in the middle and in the corners
        component = field[..., axis]
        assert component[:, 12:16, 12:16].std() == pytest.approx(reference.std(), rel=0.05)
        assert component[:, :4, :4].std() == pytest.approx(reference.std(), rel=0.05)
    for distance in (1, sigma, 2 * sigma):
        expected = np.corrcoef(reference[:, distance:].ravel(), reference[:, :-distance].ravel())[0, 1]
        assert expected == pytest.approx(math.exp(-(distance**2) / (4 * sigma**2)), abs=0.02)
        for along in (1, 2):
            far = np.roll(field, -distance, axis=along)[:, : 28 - distance, : 28 - distance]
            near = field[:, : 28 - distance, : 28 - distance]
            assert np.corrcoef(near.ravel(), far.ravel())[0, 1] == pytest.approx(expected, abs=0.02)
    assert abs(np.corrcoef(field[..., 0].ravel(), field[..., 1].ravel())[0, 1]) < 0.02


@pytest.mark.parametrize(
    "wrong",
    [{"scale": 1}, {"rotation_degrees": -1}, {"elastic_sigma_pixels": 0}, {"shear_degrees": 90}, {"rotaton": 3}],
)
def test_invalid_strengths_and_unknown_names_are_rejected(wrong):
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        configured.warps(**wrong)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_warps_run_on_the_device_of_the_images():
    images = _images(4).cuda()

    warped = warp(images, configured.warps(), torch.Generator("cuda").manual_seed(0))

    assert warped.device == images.device
    assert torch.isfinite(warped).all()
