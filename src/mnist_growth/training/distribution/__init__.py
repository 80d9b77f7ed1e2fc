"""Training in several processes, on one machine or on several."""

from mnist_growth.training.distribution.config import DistributionConfig
from mnist_growth.training.distribution.process_team import ProcessTeam, TeamCheckpoints

__all__ = ["DistributionConfig", "ProcessTeam", "TeamCheckpoints"]
