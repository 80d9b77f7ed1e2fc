"""Points of which none is better in every respect, and how much they dominate."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def pareto_front(points: ArrayLike) -> NDArray[np.bool_]:
    """Return which points no other one dominates.

    A point dominates another one if it is nowhere larger and somewhere smaller; equal points do not dominate each
    other.

    Args:
        points: Two numbers to be minimized, [N, 2].

    Returns:
        bool [N].
    """
    values = np.asarray(points, np.float64).reshape(-1, 2)
    order = np.lexsort((values[:, 1], values[:, 0]))
    is_on_front = np.zeros(len(values), np.bool_)
    smallest, where = np.inf, np.nan  # second number of the front so far, and the first number that it begins at
    for index in order:
        first, second = values[index]
        if second < smallest:
            smallest, where = second, first
        is_on_front[index] = second == smallest and first == where
    return is_on_front


def hypervolume(points: ArrayLike, reference: tuple[float, float]) -> float:
    """Return the area that some points dominate, up to a reference point (Zitzler and Thiele, 1999, section III).

    Args:
        points: Two numbers to be minimized, [N, 2]; those that are not below the reference point add nothing.
        reference: Largest value of both numbers.
    """
    values = np.asarray(points, np.float64).reshape(-1, 2)
    values = values[(values < reference).all(axis=1)]
    front = np.unique(values[pareto_front(values)], axis=0)  # the first number increases, the second one decreases
    heights = np.concatenate([[reference[1]], front[:, 1]])
    return float(((reference[0] - front[:, 0]) * (heights[:-1] - heights[1:])).sum())
