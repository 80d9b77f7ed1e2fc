"""The sentence that a command prints about an error."""

import errno

from kedro.config import MissingConfigException
from kedro.io.core import DatasetError

from mnist_growth.credentials import without_credentials
from mnist_growth.environments import environments
from mnist_growth.project import default_configuration, project_folder

ADVICE = {
    errno.ENOSPC: "; free some space, then run again",
    errno.EDQUOT: "; free some space, then run again",
    errno.EFBIG: "; increase the limit of file sizes, then run again",
    errno.EACCES: "; give this user write access, then run again",
    errno.EROFS: "; give this user write access, then run again",
    errno.EEXIST: "; a file has the name of an expected folder; move it, then run again",
    errno.ENOTDIR: "; a file has the name of an expected folder; move it, then run again",
}
"""What to do about an error of the operating system."""


def error_message(error: BaseException, env: str | None = None) -> str:
    """Return one sentence about an error: the original message, without the text that Kedro adds and credentials."""
    return without_credentials(_sentence(error, env))


def _sentence(error: BaseException, env: str | None) -> str:
    notes = getattr(error, "__notes__", [])
    while isinstance(error, DatasetError) and error.__cause__ is not None:
        error = error.__cause__
        notes = getattr(error, "__notes__", notes)
    if isinstance(error, MissingConfigException) and env:
        known = environments(default_configuration(project_folder()))
        return f"There is no environment {env!r}; expected one of {', '.join(known)}"
    if isinstance(error, OSError) and error.strerror:  # from the operating system; it does not name the operation
        tried = notes[-1] if notes else f"Cannot use {error.filename}" if error.filename else "A file cannot be used"
        return f"{tried}: {error.strerror}{ADVICE.get(error.errno or 0, '')}"
    if _is_plain_out_of_memory(error):
        return (
            "Out of memory; free memory or decrease memory.budget_fraction, then run again, or continue from a "
            "checkpoint with `kedro run --pipeline resume`"
        )
    text = " ".join(str(error).split())
    is_own = type(error).__module__.partition(".")[0] == __package__  # its message is written for users
    if text and (is_own or isinstance(error, ValueError | OSError | FloatingPointError | MemoryError | DatasetError)):
        return text
    detail = f": {text}" if text else ""
    return f"{type(error).__name__}{detail} (`kedro run --verbose` shows the traceback)"


def _is_plain_out_of_memory(error: BaseException) -> bool:
    """Whether an error reports a lack of memory without saying what to do."""
    from mnist_growth.machine import is_out_of_memory  # here, because it imports torch

    return is_out_of_memory(error) and not (isinstance(error, MemoryError) and "`kedro run" in str(error))
