"""Training a growing network: start, loop, state and checkpoints."""

from mnist_growth.training.checkpoint import Checkpoint, contents
from mnist_growth.training.checkpoint_store import CHECKPOINTS, CheckpointStore
from mnist_growth.training.checkpoints import Checkpoints, NoCheckpoints
from mnist_growth.training.config import BatchSizeConfig, LearningRateConfig, TrainingConfig
from mnist_growth.training.epoch import batches_per_epoch
from mnist_growth.training.history import EpochRecord, GrowthEvent, growth_table, history_table
from mnist_growth.training.loop import Change, train
from mnist_growth.training.monitor import Monitor, Monitors
from mnist_growth.training.pace import learning_rate, warp_strength
from mnist_growth.training.parts import training_parts
from mnist_growth.training.resume import TRAINING_GROUPS, ResumeConfig, Resumption
from mnist_growth.training.setup import (
    MAY_CHANGE,
    TrainingData,
    TrainingSetup,
    define_training,
    refuse_changes,
    split_fingerprint,
)
from mnist_growth.training.size import check_size, last_spec
from mnist_growth.training.snapshots import CheckpointsConfig, Snapshot
from mnist_growth.training.start import (
    Machine,
    Training,
    branch_training,
    continue_training,
    start_training,
)
from mnist_growth.training.state import EpochProgress, TrainingState
from mnist_growth.training.summary import training_summary
from mnist_growth.training.terminal import TerminalMonitor

__all__ = [
    "CHECKPOINTS",
    "MAY_CHANGE",
    "TRAINING_GROUPS",
    "BatchSizeConfig",
    "Change",
    "Checkpoint",
    "CheckpointStore",
    "Checkpoints",
    "CheckpointsConfig",
    "EpochProgress",
    "EpochRecord",
    "GrowthEvent",
    "LearningRateConfig",
    "Machine",
    "Monitor",
    "Monitors",
    "NoCheckpoints",
    "ResumeConfig",
    "Resumption",
    "Snapshot",
    "TerminalMonitor",
    "Training",
    "TrainingConfig",
    "TrainingData",
    "TrainingSetup",
    "TrainingState",
    "batches_per_epoch",
    "branch_training",
    "check_size",
    "contents",
    "continue_training",
    "define_training",
    "growth_table",
    "history_table",
    "last_spec",
    "learning_rate",
    "refuse_changes",
    "split_fingerprint",
    "start_training",
    "train",
    "training_parts",
    "training_summary",
    "warp_strength",
]
