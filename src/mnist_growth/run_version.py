"""The version that a run saves, which is later than all versions before it."""

import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from kedro.framework.session.store import BaseSessionStore
from kedro.io.core import VERSION_FORMAT

logger = logging.getLogger(__name__)

_VERSION = re.compile(r"\d{4}-\d\d-\d\dT\d\d\.\d\d\.\d\d\.\d{3}Z")


class RunStore(BaseSessionStore):
    """Kedro's store of a session, with a version of the run that is greater than those of all data.

    The newest version is the one with the greatest name. Kedro names a version after the time, so that after the clock
    was set back a run would not load what it or the run before it has saved.

    Args:
        path: Folder of the sessions, in the folder of the project.
        session_id: Version that Kedro proposes.
    """

    def __setitem__(self, key: str, value: Any) -> None:
        """Keep a value of the session; its id, which is the version that the run saves, is moved if necessary."""
        if key == "session_id":
            value = later_version(str(value), Path(self._path).parent / "data")
        super().__setitem__(key, value)


def later_version(proposed: str, data: Path) -> str:
    """Return a version that is greater than all versions of the data.

    Args:
        proposed: Version by the clock.
        data: Folder with `<layer>/<dataset>/<version>`.

    Returns:
        The proposed version, or the one that follows the greatest by a millisecond.
    """
    newest = max(_versions(data), default="")
    if newest < proposed:
        return proposed
    following = datetime.strptime(newest, VERSION_FORMAT).replace(tzinfo=UTC) + timedelta(milliseconds=1)
    version = f"{following.strftime(VERSION_FORMAT)[:-4]}Z"
    logger.warning(
        "The clock says %s, but there are results of version %s: this run saves version %s, so that it is the newest",
        proposed,
        newest,
        version,
    )
    return version


def _versions(data: Path) -> Iterator[str]:
    """Yield the names of all versions that are named after a time."""
    return (folder.name for folder in data.glob("*/*/*") if _VERSION.fullmatch(folder.name))
