"""Occlusion: what the prediction loses when a part of the image is covered."""

import torch
from torch import Tensor

from mnist_growth.inspection.explanation.target import CHUNK, Logits, leads


def occlusion(network: Logits, images: Tensor, classes: Tensor, *, side: int, stride: int) -> Tensor:
    """Return by how much the lead falls when a black square covers a pixel, the mean over all squares that do.

    M. Zeiler, R. Fergus, *Visualizing and understanding convolutional networks*, ECCV 2014, section 4.2.

    Args:
        network: Maps grey values to logits.
        images: Grey values, float [N, 28, 28].
        classes: Explained class of each image, int64 [N].
        side: Side of the square in pixels.
        stride: Distance between neighbouring squares in pixels, at most ``side``.

    Returns:
        Float [N, 28, 28]: positive pixels support the class, negative ones oppose it.
    """
    covers = _covers(images.shape[1], side, stride, images)
    covered_by = covers.sum(dim=0)
    before = leads(network, images, classes)
    results = []
    block = max(1, CHUNK // len(covers))
    for chunk, some, whole in zip(
        torch.split(images, block), torch.split(classes, block), torch.split(before, block), strict=True
    ):
        covered = chunk.unsqueeze(1) * (1 - covers)  # [B, squares, 28, 28]
        after = leads(network, covered.flatten(0, 1), some.repeat_interleave(len(covers)))
        fall = whole.unsqueeze(1) - after.reshape(len(chunk), -1)
        results.append(torch.einsum("bs,sij->bij", fall, covers) / covered_by)
    return torch.cat(results)


def _covers(image_side: int, side: int, stride: int, like: Tensor) -> Tensor:
    """Return the squares that together cover the image, 1 within and 0 outside: float [squares, H, W]."""
    starts = range(0, image_side - side + stride, stride)  # the last one may reach beyond the edge
    covers = like.new_zeros(len(starts), len(starts), image_side, image_side)
    for row, top in enumerate(starts):
        for column, left in enumerate(starts):
            covers[row, column, top : top + side, left : left + side] = 1
    return covers.flatten(0, 1)
