"""The loss around a network and along its training: curvature, surfaces, trajectories and paths."""

from mnist_growth.inspection.landscape.blocks import OUTPUT, Block, cohort_blocks, layer_blocks
from mnist_growth.inspection.landscape.config import InterpolationConfig, LandscapeConfig
from mnist_growth.inspection.landscape.curvature import Curvature, measure_curvature
from mnist_growth.inspection.landscape.directions import filter_normalised, origin, random_plane
from mnist_growth.inspection.landscape.embedding import embedded, embedded_in_last
from mnist_growth.inspection.landscape.growth_curvature import growth_curvature
from mnist_growth.inspection.landscape.hessian import Hessian, Product
from mnist_growth.inspection.landscape.interpolation import Paths, barrier, bezier, fit_curve, interpolate, no_paths
from mnist_growth.inspection.landscape.lanczos import Extremes, Quadrature, extremes, lanczos, random_signs
from mnist_growth.inspection.landscape.matching import matched, permuted
from mnist_growth.inspection.landscape.noise_scale import gradient_noise_scale
from mnist_growth.inspection.landscape.sharpness import sharpness
from mnist_growth.inspection.landscape.spectrum import (
    Estimate,
    block_traces,
    negative_share,
    quadratures,
    spectral_density,
)
from mnist_growth.inspection.landscape.surface import around, loss_surface, square
from mnist_growth.inspection.landscape.trajectory import Moment, Trajectory, no_trajectory, trajectory
from mnist_growth.inspection.landscape.weights import WeightSpace

__all__ = [
    "OUTPUT",
    "Block",
    "Curvature",
    "Estimate",
    "Extremes",
    "Hessian",
    "InterpolationConfig",
    "LandscapeConfig",
    "Moment",
    "Paths",
    "Product",
    "Quadrature",
    "Trajectory",
    "WeightSpace",
    "around",
    "barrier",
    "bezier",
    "block_traces",
    "cohort_blocks",
    "embedded",
    "embedded_in_last",
    "extremes",
    "filter_normalised",
    "fit_curve",
    "gradient_noise_scale",
    "growth_curvature",
    "interpolate",
    "lanczos",
    "layer_blocks",
    "loss_surface",
    "matched",
    "measure_curvature",
    "negative_share",
    "no_paths",
    "no_trajectory",
    "origin",
    "permuted",
    "quadratures",
    "random_plane",
    "random_signs",
    "sharpness",
    "spectral_density",
    "square",
    "trajectory",
]
