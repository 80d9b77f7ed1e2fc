"""Calls of MLflow that can disturb those of another process."""

import time
from collections.abc import Callable
from typing import TypeVar

_PAUSES = (0.1, 0.3, 1.0)  # seconds before a call is repeated
_Result = TypeVar("_Result")


def repeated(call: Callable[[], _Result]) -> _Result:
    """Call a function again if MLflow reports an error, at most three times.

    MLflow looks for an entry and creates it if there is none. When two runs do so at the same time, one of them fails;
    its second call finds the entry.

    Raises:
        MlflowException: The last call failed, too.
    """
    from mlflow.exceptions import MlflowException

    for pause in _PAUSES:
        try:
            return call()
        except MlflowException:
            time.sleep(pause)
    return call()
