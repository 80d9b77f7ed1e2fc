"""How the layers of a network arrange digits."""

import numpy as np
import torch
from numpy.typing import NDArray


def principal_components(points: NDArray[np.floating], count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the coordinates of points along the directions of largest variance, and their shares of the variance.

    Args:
        points: Float [N, D], N >= 2.
        count: Number of directions.

    Returns:
        Float64 [N, count], with the largest coordinate of each direction positive, and float64 [count].
    """
    centred = points.astype(np.float64) - points.mean(axis=0, dtype=np.float64)
    # By torch, whose number of threads is limited: two threads of numpy's BLAS are slow on a busy machine.
    left, scales = (each.numpy() for each in torch.linalg.svd(torch.from_numpy(centred), full_matrices=False)[:2])
    coordinates = left[:, :count] * scales[:count]
    signs = np.sign(coordinates[np.abs(coordinates).argmax(axis=0), np.arange(coordinates.shape[1])])
    total = float((scales**2).sum())
    return coordinates * np.where(signs == 0, 1, signs), scales[:count] ** 2 / (total or 1)


def between_class_share(points: NDArray[np.floating], labels: NDArray[np.int64]) -> float:
    """Return the share of the variance that is between the means of the classes, from 0 to 1.

    Args:
        points: Float [N, D].
        labels: Class of each point, int64 [N].
    """
    values = points.astype(np.float64)
    mean = values.mean(axis=0)
    between = sum(
        (labels == label).sum() * ((values[labels == label].mean(axis=0) - mean) ** 2).sum()
        for label in np.unique(labels)
    )
    total = ((values - mean) ** 2).sum()
    return float(between / total) if total > 0 else 0.0
