"""Smaller and faster networks from a trained one: quantisation, fine-tuning, measures and the choice by constraint."""

from mnist_growth.compression.candidate import Candidate, make_candidate
from mnist_growth.compression.choice import choose
from mnist_growth.compression.config import CompressConfig, Recipe
from mnist_growth.compression.fine_tuning import FineTuner
from mnist_growth.compression.measures import compression_row, network_bytes
from mnist_growth.compression.quantisation import QuantisationAwareMLP, quantise_weights, quantised
from mnist_growth.compression.refusal import check_compressible

__all__ = [
    "Candidate",
    "CompressConfig",
    "FineTuner",
    "QuantisationAwareMLP",
    "Recipe",
    "check_compressible",
    "choose",
    "compression_row",
    "make_candidate",
    "network_bytes",
    "quantise_weights",
    "quantised",
]
