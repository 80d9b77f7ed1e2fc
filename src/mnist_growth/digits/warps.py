"""Random warps of digits: rotation, scale, shear, translation and elastic deformation in one batched operation.

The sampling grid of an affine map plus a smooth random field is, for each axis, a product B Z B^T. The columns of B are
smooth bumps (the elastic field), a constant and the coordinate (the affine map); Z contains the few random numbers of
an image. Two small matrix products replace the smoothing of full-size noise, and each image is sampled once.
"""

import functools
import math
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from mnist_growth import kernels
from mnist_growth.digits.config import WarpConfig
from mnist_growth.digits.digits import IMAGE_SIDE

_SPACING = 1.25  # distance of the bumps in sigmas: the error of the field's variance and correlation is at most 0.4 %
_MARGIN = 2.5  # distance of the outermost bumps from the border in sigmas; bumps further out are negligible
_HALF = IMAGE_SIDE / 2  # pixels per unit of the normalised coordinates of torch, which run from -1 to 1


def warp(images: Tensor, config: WarpConfig, generator: torch.Generator) -> Tensor:
    """Warp images at random, with one warp for every ``images_per_warp`` consecutive images.

    Rotation, scale and shear are relative to the image centre; width and height are scaled separately. The elastic
    field follows Simard, Steinkraus & Platt (2003), "Best practices for convolutional neural networks applied to
    visual document analysis", section 2. Sampling is bilinear, with 0 outside the image.

    Args:
        images: Grey values 0 to 255, uint8 or float32 of shape [N, 28, 28].
        config: Strength of the warps.
        generator: Random generator on the device of the images.

    Returns:
        Grey values 0 to 255, float32 of shape [N, 28, 28], on the device of the images. Without any warp, the
        input images (float32 images are not copied).
    """
    return apply_warps(images, draw_warps(len(images), config, generator))


@dataclass(frozen=True)
class Warps:
    """Random numbers of the warps of N images.

    Image i has the warp ``i // images_per_warp``. Images that share a warp are sampled as channels of one image, so
    that the sampling points and weights are computed once.

    Attributes:
        uniform: Uniform in [0, 1), of the affine maps, float32 of shape [F, 6].
        normal: Standard normal numbers of the elastic fields, float32 of shape [F, 2, K, K].
        strength: Factor for all strengths, a number or a scalar tensor.
        config: Strength of the warps, and number of consecutive images that share a warp.
        start: Index of the first image; more than 0 for a part of a batch.
        stop: Index after the last image.
    """

    uniform: Tensor
    normal: Tensor
    strength: float | Tensor
    config: WarpConfig
    start: int
    stop: int

    @property
    def basis(self) -> Tensor:
        """Result of ``grid_basis`` for these warps."""
        return grid_basis(self.config.elastic_alpha_pixels, self.config.elastic_sigma_pixels, self.normal.device)

    def grid(self, selected: slice) -> Tensor:
        """Return the sampling points of some warps, shape [n, 28, 28, 2]."""
        affine = _affine_maps(self.uniform[selected], self.config, self.strength)
        return sampling_grid(affine, self.normal[selected] * self.strength, self.basis)

    def __len__(self) -> int:
        """Return the number of images."""
        return self.stop - self.start

    def __getitem__(self, part: slice) -> "Warps":
        """Return the warps of a slice of the images."""
        start, stop, _ = part.indices(len(self))
        return replace(self, start=self.start + start, stop=self.start + stop)

    def runs(self) -> list[tuple[int, int, int]]:
        """Divide the images into runs of complete warps, and of incomplete warps at both ends.

        Returns:
            First warp, number of warps and images per warp of each run.
        """
        each = self.config.images_per_warp
        head_stop = min(-(-self.start // each) * each, self.stop)
        tail_start = max(self.stop // each * each, head_stop)
        runs = [
            (self.start // each, 1, head_stop - self.start),
            (head_stop // each, (tail_start - head_stop) // each, each),
            (tail_start // each, 1, self.stop - tail_start),
        ]
        return [(first, count, images) for first, count, images in runs if count and images]


def draw_warps(
    count: int, config: WarpConfig, generator: torch.Generator, strength: float | Tensor = 1.0
) -> Warps | None:
    """Draw warps for N images.

    All warps of a batch are drawn together, so they do not depend on how the batch is divided when they are applied.

    Args:
        count: Number of images, N.
        config: Strength of the warps, and number of images per warp.
        generator: Random generator on the device of the images.
        strength: Factor for all strengths; 0 disables all warps.

    Returns:
        The warps, or None if warps are disabled.
    """
    affine_strengths = (config.rotation_degrees, config.scale, config.shear_degrees, config.translation_pixels)
    if not config.enabled or not any((*affine_strengths, config.elastic_alpha_pixels)):
        return None
    warps = -(-count // config.images_per_warp)
    bumps = grid_basis(config.elastic_alpha_pixels, config.elastic_sigma_pixels, generator.device).shape[1] - 2
    return Warps(
        uniform=torch.rand((warps, 6), device=generator.device, generator=generator),
        normal=torch.randn((warps, 2, bumps, bumps), device=generator.device, generator=generator),
        strength=strength,
        config=config,
        start=0,
        stop=count,
    )


def apply_warps(images: Tensor, warps: Warps | None) -> Tensor:
    """Apply drawn warps to images.

    Args:
        images: Grey values 0 to 255, uint8 or float32 of shape [N, 28, 28].
        warps: Warps of N images, or None.

    Returns:
        Grey values 0 to 255, float32 of shape [N, 28, 28]. Without warps, the input images (float32 is not copied).
    """
    if warps is None:
        return images.float()
    if kernels.are_usable(images.device):
        return _apply_in_one_kernel(images, warps)
    images = images.float()
    warped, done = [], 0
    for first, count, each in warps.runs():
        grid = warps.grid(slice(first, first + count))
        warped.append(sample(images[done : done + count * each], grid))
        done += count * each
    return warped[0] if len(warped) == 1 else torch.cat(warped)


def sample(images: Tensor, grid: Tensor) -> Tensor:
    """Sample images at the points of a grid, bilinearly, with 0 outside the image.

    Args:
        images: Grey values 0 to 255, float32 of shape [N, 28, 28]; N is a multiple of F, and consecutive images share a
            grid.
        grid: Points (x, y) in normalised coordinates, float32 of shape [F, 28, 28, 2]: -1 is the left or upper border
            of the image, 1 is the right or lower border.

    Returns:
        Grey values 0 to 255, float32 of shape [N, 28, 28].
    """
    channels = images.reshape(len(grid), -1, IMAGE_SIDE, IMAGE_SIDE)
    warped = F.grid_sample(channels, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    return warped.reshape(-1, IMAGE_SIDE, IMAGE_SIDE).clamp_(0, 255)  # weights may sum to slightly more than 1


def sampling_grid(affine: Tensor, noise: Tensor, basis: Tensor) -> Tensor:
    """Combine an affine map and an elastic field into the sampling points of an image.

    Args:
        affine: Matrix and shift (in the last column) of each image, from warped to original coordinates, in normalised
            coordinates (x, y), shape [N, 2, 3].
        noise: Standard normal numbers of the field along x and along y, shape [N, 2, K, K] (rows run along y).
        basis: Result of `grid_basis`, shape [28, K + 2].

    Returns:
        Points (x, y) in normalised coordinates, shape [N, 28, 28, 2].
    """
    constant, linear = noise.shape[-1], noise.shape[-1] + 1
    coefficients = torch.zeros((len(affine), 2, linear + 1, linear + 1), device=basis.device)
    coefficients[..., :constant, :constant] = noise
    coefficients[..., constant, linear] = affine[..., 0]  # of x: constant along y, linear along x
    coefficients[..., linear, constant] = affine[..., 1]  # of y
    coefficients[..., constant, constant] = affine[..., 2]
    grid = basis @ (coefficients @ basis.T)  # [N, 2, 28, 28]
    return grid.permute(0, 2, 3, 1)


@functools.lru_cache(maxsize=8)
def grid_basis(alpha_pixels: float, sigma_pixels: float, device: torch.device) -> Tensor:
    """Return the basis of sampling grids: K bumps U, a constant, and the normalised coordinate.

    U Z U^T, with standard normal Z, is an elastic field. Uniform noise in [-1, 1] has variance 1/3; smoothed by a
    Gaussian g of deviation sigma in two dimensions, it keeps the fraction sum(g^2) = 1 / (4 pi sigma^2). The field's
    deviation is therefore alpha / (sigma sqrt(12 pi)), and its correlation at distance d is exp(-d^2 / (4 sigma^2)).
    Noise on a coarse grid, smoothed by the same Gaussian, has the same correlation as long as the grid's spacing stays
    near sigma; each row of U is scaled so that the deviation holds at every pixel.

    Args:
        alpha_pixels: Amplitude of the uniform noise, in pixels.
        sigma_pixels: Deviation of the Gaussian, in pixels.
        device: Device of the result.

    Returns:
        float32 of shape [28, K + 2]; K is 0 without an elastic field. The result is cached and must not be modified.
    """
    pixels = torch.arange(IMAGE_SIDE, dtype=torch.float64) - (IMAGE_SIDE - 1) / 2
    columns = [torch.ones(IMAGE_SIDE, 1, dtype=torch.float64), pixels[:, None] / _HALF]
    if alpha_pixels > 0:
        spacing = _SPACING * sigma_pixels
        count = math.ceil((IMAGE_SIDE - 1 + 2 * _MARGIN * sigma_pixels) / spacing) + 1
        centres = (torch.arange(count) - (count - 1) / 2) * spacing
        bumps = torch.exp(-((pixels[:, None] - centres) ** 2) / (2 * sigma_pixels**2))
        bumps /= bumps.norm(dim=1, keepdim=True)
        deviation = alpha_pixels / (sigma_pixels * math.sqrt(12 * math.pi)) / _HALF
        columns.insert(0, bumps * math.sqrt(deviation))
    return torch.cat(columns, dim=1).to(torch.float32).to(device)


def inverse_affine(rotation: Tensor, shear: Tensor, scale: Tensor, translation: Tensor) -> Tensor:
    """Return the affine map from warped to original coordinates.

    The warp scales width and height, shears horizontally, rotates and shifts, in this order, so its inverse is
    S^-1 H(-shear) R(-rotation) (x - translation).

    Args:
        rotation: Clockwise angle in radians (y points down), shape [N].
        shear: Angle in radians, shape [N].
        scale: Factors of width and height, shape [N, 2].
        translation: Shift to the right and down, in normalised coordinates, shape [N, 2].

    Returns:
        Matrix and shift (in the last column), shape [N, 2, 3].
    """
    cos, sin, tan = rotation.cos(), rotation.sin(), shear.tan()
    rows = (torch.stack((cos + tan * sin, sin - tan * cos), dim=1), torch.stack((-sin, cos), dim=1))
    matrix = torch.stack(rows, dim=1) / scale[:, :, None]  # [N, 2, 2]
    return torch.cat((matrix, -matrix @ translation[:, :, None]), dim=2)


def _affine_maps(uniform: Tensor, config: WarpConfig, strength: float | Tensor) -> Tensor:
    """Return the affine map of each warp, shape [F, 2, 3], from uniform random numbers, shape [F, 6]."""
    draw = uniform * 2 - 1
    draw *= strength
    rotation, shear, scale, translation = _largest(config)
    return inverse_affine(
        rotation=draw[:, 0] * rotation,
        shear=draw[:, 1] * shear,
        scale=1 + draw[:, 2:4] * scale,
        translation=draw[:, 4:6] * translation,
    )


def _largest(config: WarpConfig) -> tuple[float, float, float, float]:
    """Return the largest rotation and shear in radians, change of scale, and shift in normalised coordinates."""
    rotation, shear = math.radians(config.rotation_degrees), math.radians(config.shear_degrees)
    return rotation, shear, config.scale, config.translation_pixels / _HALF


def _apply_in_one_kernel(images: Tensor, warps: Warps) -> Tensor:
    from mnist_growth.kernels import warps as kernel

    return kernel.apply(
        images.contiguous(),
        warps.uniform,
        warps.normal,
        warps.strength,
        warps.basis,
        _largest(warps.config),
        start=warps.start,
        images_per_warp=warps.config.images_per_warp,
    )
