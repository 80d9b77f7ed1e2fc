"""What came out of one training of a study."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from mnist_growth.config_model import ConfigModel
from mnist_growth.machine import is_out_of_memory


class Outcome(ConfigModel):
    """The result of a training, ready for JSON.

    Attributes:
        state: How it ended: ``finished``; ``pruned``, which is after an epoch because other trainings are more
            promising; or ``failed``.
        reason: Why it failed; empty otherwise.
        is_final: Whether the same training would end like this again; after a lack of memory it might not.
        history: One mapping per epoch with the columns of ``EpochRecord``.
        test_accuracy: Share of the test digits that the averaged network classifies correctly; None unless the training
            is finished. It is only reported: nothing is chosen by it.
        forward_multiply_adds: Of one image in the network at the end.
        seconds: Time of the training with validation.
        peak_rss_bytes: Largest memory of its process.
    """

    state: Literal["finished", "pruned", "failed"]
    reason: str = ""
    is_final: bool = False
    history: list[dict[str, Any]] = Field(default_factory=list)
    test_accuracy: float | None = None
    forward_multiply_adds: int = 0
    seconds: float = 0.0
    peak_rss_bytes: int = 0

    @property
    def last(self) -> Mapping[str, Any]:
        """The last epoch; empty if there was none."""
        return self.history[-1] if self.history else {}

    def value(self, name: str) -> float:
        """Return a number of the last epoch; NaN if no epoch was completed."""
        return float(self.last.get(name, float("nan")))

    def final(self, name: str) -> float:
        """Return a number of the last epoch of a finished training; NaN for one that was stopped or has failed."""
        return self.value(name) if self.state == "finished" else float("nan")


def reason_of(error: Exception) -> str:
    """Return in one line why a job has failed."""
    if is_out_of_memory(error):
        return "not enough memory"
    return " ".join(str(error).split()) or type(error).__name__
