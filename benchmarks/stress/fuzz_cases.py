"""Runs the cases of a fuzzer within limits of time and memory, and records the outcomes."""

import contextlib
import resource
import signal
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from unittest import mock

SECONDS = 10  # time limit of one case
MEGABYTES = 512  # memory limit of one case, added to what the process uses at the start
EXPECTED = (ValueError, OSError, FloatingPointError)


class TooSlowError(BaseException):
    """A case exceeded the time limit."""


class UnpickledError(BaseException):
    """Code tried to unpickle, which can run arbitrary code."""


@dataclass
class Report:
    """The outcomes of the cases.

    Attributes:
        outcomes: Number of cases with each outcome.
        defects: Cases that did something else than allowed, and how to repeat them.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    defects: list[str] = field(default_factory=list)


class Evil:
    """Raises an error when it is unpickled."""

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return (_refuse_pickle, ("code ran",))


def run_case(case: Callable[[], str], name: str, report: Report) -> str:
    """Run one case within the limits and record its outcome.

    Args:
        case: The case; returns its outcome.
        name: How to repeat the case.
        report: Report that the outcome is added to.

    Returns:
        The outcome.
    """
    try:
        with limits():
            outcome = case()
    except EXPECTED as error:
        outcome = "refused"
        if "\n" in str(error).strip() or not str(error):
            outcome = f"DEFECT: not one sentence: {error}"
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        where = traceback.extract_tb(error.__traceback__)[-1]
        outcome = f"DEFECT: {type(error).__name__}: {error} in {where.filename}:{where.lineno}"
    report.outcomes[outcome.split(":")[0]] += 1
    if outcome.startswith("DEFECT"):
        report.defects.append(f"{name}{outcome.removeprefix('DEFECT')}")
    return outcome


@contextlib.contextmanager
def limits() -> Iterator[None]:
    """Limit time and memory, turn warnings into errors, and forbid unpickling."""
    before = resource.getrlimit(resource.RLIMIT_DATA)
    used = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmData"))
    resource.setrlimit(resource.RLIMIT_DATA, (int(used.split()[1]) * 1024 + MEGABYTES * 1_000_000, before[1]))
    handler = signal.signal(signal.SIGALRM, _too_slow)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        with (
            warnings.catch_warnings(),
            mock.patch("pickle.load", _refuse_pickle),
            mock.patch("pickle.loads", _refuse_pickle),
            mock.patch("pickle.Unpickler", _refuse_pickle),
            mock.patch("torch.load", _refuse_pickle),
        ):
            warnings.simplefilter("error")
            yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        resource.setrlimit(resource.RLIMIT_DATA, before)


def _too_slow(_number: int, _frame: FrameType | None) -> None:
    raise TooSlowError(f"The case took longer than {SECONDS} s.")


def _refuse_pickle(*_: object, **__: object) -> None:
    raise UnpickledError("The case tried to unpickle.")
