"""Random warps of images from the drawn numbers to the warped pixels, in one kernel."""

import torch
import triton
import triton.language as tl
from torch import Tensor


def apply(
    images: Tensor,
    uniform: Tensor,
    normal: Tensor,
    strength: float | Tensor,
    basis: Tensor,
    strengths: tuple[float, float, float, float],
    *,
    start: int,
    images_per_warp: int,
) -> Tensor:
    """Return warped images.

    Args:
        images: uint8 or float32 [N, S, S], contiguous, S <= 32.
        uniform: Uniform random numbers in [0, 1) of the affine map of each warp, float32 [F, 6], contiguous.
        normal: Standard normal numbers of the elastic field of each warp, float32 [F, 2, K, K], contiguous.
        strength: Factor for all of these, a number or a scalar tensor.
        basis: Of the sampling grids, float32 [S, K + 2], contiguous.
        strengths: Largest rotation and shear in radians, change of scale, and shift in normalised coordinates.
        start: Number of the first image in its batch.
        images_per_warp: Image number i of the batch has the warp i // images_per_warp.

    Returns:
        float32 [N, S, S], within 0 and 255.
    """
    side = images.shape[-1]
    warped = torch.empty(images.shape, dtype=torch.float32, device=images.device)
    if not isinstance(strength, Tensor):
        strength = torch.full((), strength, device=images.device)
    rotation, shear, scale, shift = strengths
    bumps = normal.shape[-1]
    _warp[(len(images),)](
        images,
        warped,
        uniform,
        normal,
        strength,
        basis,
        rotation,
        shear,
        scale,
        shift,
        start,
        images_per_warp,
        side,
        bumps,
        HAS_FIELD=bumps > 0,
        SIDE=triton.next_power_of_2(side),
        BUMPS=max(16, triton.next_power_of_2(bumps)),
        num_warps=4,
    )
    return warped


# A number of a schedule may lie anywhere: a kernel for each alignment would be compiled while a graph is recorded.
@triton.jit(do_not_specialize_on_alignment=["strength_of"])
def _warp(
    images,
    warped,
    uniform,
    normal,
    strength_of,
    basis,
    rotation,
    shear,
    scale,
    shift,
    start,
    images_per_warp,
    side,
    bumps,
    HAS_FIELD: tl.constexpr,
    SIDE: tl.constexpr,
    BUMPS: tl.constexpr,
):
    image = tl.program_id(0)
    warp = (start + image) // images_per_warp
    strength = tl.load(strength_of)
    pixel = tl.arange(0, SIDE)
    exists = pixel < side
    coordinate = tl.load(basis + pixel * (bumps + 2) + bumps + 1, mask=exists, other=0)

    drawn = uniform + warp * 6
    angle = (tl.load(drawn) * 2 - 1) * strength * rotation
    skew = (tl.load(drawn + 1) * 2 - 1) * strength * shear
    width = 1 + (tl.load(drawn + 2) * 2 - 1) * strength * scale
    height = 1 + (tl.load(drawn + 3) * 2 - 1) * strength * scale
    right = (tl.load(drawn + 4) * 2 - 1) * strength * shift
    down = (tl.load(drawn + 5) * 2 - 1) * strength * shift
    cos, sin, tan = tl.cos(angle), tl.sin(angle), tl.sin(skew) / tl.cos(skew)
    xx, xy = (cos + tan * sin) / width, (sin - tan * cos) / width
    yx, yy = -sin / height, cos / height
    x = (xx * coordinate[None, :] + xy * coordinate[:, None]) - (xx * right + xy * down)
    y = (yx * coordinate[None, :] + yy * coordinate[:, None]) - (yx * right + yy * down)
    if HAS_FIELD:
        bump = tl.arange(0, BUMPS)
        is_bump = bump < bumps
        inside_basis = exists[:, None] & is_bump[None, :]
        columns = tl.load(basis + pixel[:, None] * (bumps + 2) + bump[None, :], mask=inside_basis, other=0)
        inside_noise = is_bump[:, None] & is_bump[None, :]
        noise = normal + warp * 2 * bumps * bumps + bump[:, None] * bumps + bump[None, :]
        along_x = tl.load(noise, mask=inside_noise, other=0) * strength
        along_y = tl.load(noise + bumps * bumps, mask=inside_noise, other=0) * strength
        rows = tl.trans(columns)
        x += tl.dot(columns, tl.dot(along_x, rows, input_precision="ieee"), input_precision="ieee")
        y += tl.dot(columns, tl.dot(along_y, rows, input_precision="ieee"), input_precision="ieee")

    x = ((x + 1) * side - 1) / 2
    y = ((y + 1) * side - 1) / 2
    left, upper = tl.floor(x), tl.floor(y)
    of_right, of_lower = x - left, y - upper
    # Sampling points far outside would overflow integers.
    column = tl.clamp(left, -2.0, side + 1.0).to(tl.int32)
    row = tl.clamp(upper, -2.0, side + 1.0).to(tl.int32)
    source = images + image * side * side + row * side + column
    is_left, is_right = (column >= 0) & (column < side), (column >= -1) & (column < side - 1)
    is_upper, is_lower = (row >= 0) & (row < side), (row >= -1) & (row < side - 1)
    value = tl.load(source, mask=is_upper & is_left, other=0).to(tl.float32) * (1 - of_right) * (1 - of_lower)
    value += tl.load(source + 1, mask=is_upper & is_right, other=0).to(tl.float32) * of_right * (1 - of_lower)
    value += tl.load(source + side, mask=is_lower & is_left, other=0).to(tl.float32) * (1 - of_right) * of_lower
    value += tl.load(source + side + 1, mask=is_lower & is_right, other=0).to(tl.float32) * of_right * of_lower
    place = image * side * side + pixel[:, None] * side + pixel[None, :]
    tl.store(warped + place, tl.clamp(value, 0.0, 255.0), mask=exists[:, None] & exists[None, :])
