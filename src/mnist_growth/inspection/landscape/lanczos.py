"""Eigenvalues of a symmetric matrix that is known by its products with vectors."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import repeat

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mnist_growth.inspection.landscape.hessian import Product
from mnist_growth.progress import track

_BASIS = 20  # vectors that ARPACK keeps, 54 MB for 670,000 parameters
_MAX_RESTARTS = 100  # of up to 18 products each
_EXPECTED_PRODUCTS = 60  # to show how far the iteration is


@dataclass(frozen=True)
class Extremes:
    """The ends of a spectrum.

    Attributes:
        largest: Largest eigenvalue.
        smallest: Smallest eigenvalue, which is negative unless the matrix is positive semidefinite.
        largest_residual: |H v - lambda v| of the largest with its unit eigenvector v: there is an eigenvalue within
            this distance.
        smallest_residual: The same for the smallest.
    """

    largest: float
    smallest: float
    largest_residual: float
    smallest_residual: float


def extremes(product: Product, start: Tensor, tolerance: float) -> Extremes:
    """Return the largest and the smallest eigenvalue by the implicitly restarted Lanczos method (ARPACK).

    Args:
        product: The matrix.
        start: First vector, float [P]; decides the dtype.
        tolerance: Relative accuracy of the eigenvalues.

    Raises:
        ValueError: The accuracy is not reached.
    """
    from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh  # imported here: slow, few need it

    dtype = start.cpu().numpy().dtype
    steps = track(repeat(None), _EXPECTED_PRODUCTS)

    def multiply(vector: NDArray[np.floating]) -> NDArray[np.floating]:
        next(steps)
        result: NDArray[np.floating] = product(torch.from_numpy(vector.reshape(-1)).to(start)).cpu().numpy()
        return result

    operator = LinearOperator((len(start), len(start)), matvec=multiply, dtype=dtype)
    options = {"ncv": min(_BASIS, len(start)), "tol": tolerance, "maxiter": _MAX_RESTARTS}
    try:
        values, vectors = eigsh(operator, k=2, which="BE", v0=start.cpu().numpy(), **options)
    except ArpackNoConvergence:
        raise ValueError(
            f"The extreme eigenvalues did not reach a relative accuracy of {tolerance:g} after {_MAX_RESTARTS} "
            "restarts of the Lanczos method; set a larger landscape.hessian.tolerance"
        ) from None
    order = np.argsort(values)
    residuals = [
        float(np.linalg.norm(multiply(vectors[:, index].astype(dtype)) - values[index] * vectors[:, index]))
        for index in order
    ]
    smallest, largest = (float(values[index]) for index in order)
    return Extremes(largest, smallest, largest_residual=residuals[1], smallest_residual=residuals[0])


@dataclass(frozen=True)
class Quadrature:
    """The spectrum of a matrix as one start vector sees it: sum of weights * delta(nodes), which sums to 1.

    Attributes:
        nodes: Ritz values, ascending, float64 [steps]; the outermost ones approach the extreme eigenvalues from within.
        weights: float64 [steps].
    """

    nodes: NDArray[np.float64]
    weights: NDArray[np.float64]


def lanczos(product: Product, start: Tensor, steps: int) -> tuple[Quadrature, Tensor]:
    """Return the Gauss quadrature of the spectral measure of a start vector, and the basis of its Krylov space.

    Lanczos tridiagonalisation with full reorthogonalisation, without which rounding errors create copies of
    eigenvalues (Golub and Meurant, "Matrices, Moments and Quadrature", 2010, chapters 4 and 6).

    Args:
        product: The matrix.
        start: First vector, float [P], not zero.
        steps: Number of products; fewer are made where the start vector lies in a smaller invariant subspace.

    Returns:
        The quadrature, and orthonormal vectors, float [steps, P].
    """
    basis = start.new_empty((steps, len(start)))
    basis[0] = start / start.norm()
    diagonal: list[float] = []
    off_diagonal: list[float] = []
    for step in range(steps):
        vector = product(basis[step])
        diagonal.append(float(basis[step] @ vector))
        for _ in range(2):  # once is not enough in finite precision
            vector -= basis[: step + 1].T @ (basis[: step + 1] @ vector)
        length = float(vector.norm())
        scale = max(np.abs(diagonal).max(), max(off_diagonal, default=0.0))
        if step == steps - 1 or length <= 10 * torch.finfo(start.dtype).eps * scale:
            break
        off_diagonal.append(length)
        basis[step + 1] = vector / length
    matrix = np.diag(diagonal) + np.diag(off_diagonal, 1) + np.diag(off_diagonal, -1)
    nodes, vectors = np.linalg.eigh(matrix)
    return Quadrature(nodes, vectors[0] ** 2), basis[: len(diagonal)]


def random_signs(size: int, like: Tensor, generator: torch.Generator) -> Tensor:
    """Return a vector of independent signs, +1 or -1, float [size], in the dtype and on the device of a tensor."""
    return (2 * torch.randint(0, 2, (size,), generator=generator) - 1).to(like)


def probes(count: int, like: Tensor, generator: torch.Generator) -> Iterator[Tensor]:
    """Yield vectors of random signs of the size of a vector."""
    return (random_signs(len(like), like, generator) for _ in range(count))
