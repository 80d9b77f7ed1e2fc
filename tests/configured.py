"""The models of the parameters in conf/base, with the values that a test changes."""

import functools
from pathlib import Path
from typing import Any

from mnist_growth.batch import PredictConfig
from mnist_growth.compression import CompressConfig
from mnist_growth.configuration import configure, load_parameters
from mnist_growth.digits import ArchiveParameters, SplitConfig, WarpConfig
from mnist_growth.drift import DriftConfig
from mnist_growth.evaluation import AnalysisConfig, EvaluationConfig
from mnist_growth.export import ExportConfig
from mnist_growth.growth import GrowthConfig
from mnist_growth.inspection.explanation import ExplanationConfig
from mnist_growth.inspection.landscape import LandscapeConfig
from mnist_growth.inspection.robustness.config import RobustnessConfig
from mnist_growth.machine import MemoryConfig
from mnist_growth.network import NetworkConfig
from mnist_growth.novelty import NoveltyConfig
from mnist_growth.report import ReportConfig
from mnist_growth.serving import ServingConfig
from mnist_growth.studies import (
    ActiveConfig,
    ContinualConfig,
    FamilyConfig,
    MetaConfig,
    SearchConfig,
    StudiesConfig,
    SweepConfig,
    TuneConfig,
)
from mnist_growth.training import TrainingConfig
from mnist_growth.training.distribution import DistributionConfig

CONF = Path(__file__).parents[1] / "conf"


@functools.cache
def base() -> dict[str, Any]:
    """All parameters of conf/base, nested by group."""
    return load_parameters(CONF)


def active(**changes: Any) -> ActiveConfig:
    return configure(ActiveConfig, base()["active"], changes)


def analysis(**changes: Any) -> AnalysisConfig:
    return configure(AnalysisConfig, base()["analysis"], changes)


def archive(**changes: Any) -> ArchiveParameters:
    return configure(ArchiveParameters, base()["archive"], changes)


def compress(**changes: Any) -> CompressConfig:
    return configure(CompressConfig, base()["compress"], changes)


def continual(**changes: Any) -> ContinualConfig:
    return configure(ContinualConfig, base()["continual"], changes)


def distribution(**changes: Any) -> DistributionConfig:
    return configure(DistributionConfig, base()["distribution"], changes)


def drift(**changes: Any) -> DriftConfig:
    return configure(DriftConfig, base()["drift"], changes)


def evaluation(**changes: Any) -> EvaluationConfig:
    return configure(EvaluationConfig, base()["evaluation"], changes)


def explanation(**changes: Any) -> ExplanationConfig:
    return configure(ExplanationConfig, base()["explanation"], changes)


def export(**changes: Any) -> ExportConfig:
    return configure(ExportConfig, base()["export"], changes)


def family(**changes: Any) -> FamilyConfig:
    return configure(FamilyConfig, base()["family"], changes)


def growth(**changes: Any) -> GrowthConfig:
    return configure(GrowthConfig, base()["growth"], changes)


def landscape(**changes: Any) -> LandscapeConfig:
    return configure(LandscapeConfig, base()["landscape"], changes)


def memory(**changes: Any) -> MemoryConfig:
    return configure(MemoryConfig, base()["memory"], changes)


def meta(**changes: Any) -> MetaConfig:
    return configure(MetaConfig, base()["meta"], changes)


def network(**changes: Any) -> NetworkConfig:
    return configure(NetworkConfig, base()["network"], changes)


def novelty(**changes: Any) -> NoveltyConfig:
    return configure(NoveltyConfig, base()["novelty"], changes)


def predict(**changes: Any) -> PredictConfig:
    return configure(PredictConfig, base()["predict"], changes)


def report(**changes: Any) -> ReportConfig:
    return configure(ReportConfig, base()["report"], changes)


def robustness(**changes: Any) -> RobustnessConfig:
    return configure(RobustnessConfig, base()["robustness"], changes)


def search(**changes: Any) -> SearchConfig:
    return configure(SearchConfig, base()["search"], changes)


def serving(**changes: Any) -> ServingConfig:
    return configure(ServingConfig, base()["serving"], changes)


def split(**changes: Any) -> SplitConfig:
    return configure(SplitConfig, base()["split"], changes)


def studies(**changes: Any) -> StudiesConfig:
    return configure(StudiesConfig, base()["studies"], changes)


def sweep(**changes: Any) -> SweepConfig:
    return configure(SweepConfig, base()["sweep"], changes)


def training(**changes: Any) -> TrainingConfig:
    return configure(TrainingConfig, base()["training"], changes)


def tune(**changes: Any) -> TuneConfig:
    return configure(TuneConfig, base()["tune"], changes)


def warps(**changes: Any) -> WarpConfig:
    return configure(WarpConfig, base()["warps"], changes)
