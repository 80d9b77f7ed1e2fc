"""Smaller and faster networks from a trained one: quantisation, fine-tuning, measures and the choice by constraint."""

from mnist_growth.compression.candidate import Candidate, make_candidate
from mnist_growth.compression.choice import choose
from mnist_growth.compression.config import CompressConfig, Recipe
from mnist_growth.compression.fine_tuning import FineTuner, training_probe
from mnist_growth.compression.measures import compression_row, network_bytes
from mnist_growth.compression.quantisation import QuantisationAwareMLP, quantise_weights, quantised
from mnist_growth.compression.refusal import check_compressible
from mnist_growth.compression.store import CandidateStore, candidate_key
from mnist_growth.compression.teachers import load_teachers
from mnist_growth.compression.unit_importance import ImportanceName, importances, units_within
from mnist_growth.compression.units import narrow_training

__all__ = [
    "Candidate",
    "CandidateStore",
    "CompressConfig",
    "FineTuner",
    "ImportanceName",
    "QuantisationAwareMLP",
    "Recipe",
    "candidate_key",
    "check_compressible",
    "choose",
    "compression_row",
    "importances",
    "load_teachers",
    "make_candidate",
    "narrow_training",
    "network_bytes",
    "quantise_weights",
    "quantised",
    "training_probe",
    "units_within",
]
