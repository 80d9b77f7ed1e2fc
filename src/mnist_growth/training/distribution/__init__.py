"""Training in several processes, on one machine or on several."""

from mnist_growth.training.distribution.config import DistributionConfig
from mnist_growth.training.distribution.job import Job
from mnist_growth.training.distribution.launch import NotTheMainNodeError, train_in_processes
from mnist_growth.training.distribution.plan import divide, share_machine
from mnist_growth.training.distribution.process_team import ProcessTeam, TeamCheckpoints

__all__ = [
    "DistributionConfig",
    "Job",
    "NotTheMainNodeError",
    "ProcessTeam",
    "TeamCheckpoints",
    "divide",
    "share_machine",
    "train_in_processes",
]
