"""One process that answers requests: its application, its settings, and reloading."""

import asyncio
import contextlib
import functools
import gc
import logging
import signal
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
import uvicorn

from mnist_growth.machine import raise_on_signals
from mnist_growth.serving.config import ServingConfig
from mnist_growth.serving.connection import GuardedConnection
from mnist_growth.serving.model import ModelSource

if TYPE_CHECKING:
    from mnist_growth.serving.service import Service

logger = logging.getLogger(__name__)

_MAX_RELOADS = 2  # one that loads, and one that waits
BACKLOG = 2048  # connections that the kernel keeps until a process accepts them


def answer(
    source: ModelSource,
    config: ServingConfig,
    token: str | None,
    listener: socket.socket,
    started: Callable[[], None],
    reload_all: Callable[[], None] | None = None,
) -> None:
    """Answer requests until SIGTERM or SIGINT; SIGHUP loads the network again.

    Args:
        source: Loads the network.
        config: Parameters of the service.
        token: Token that requests must send; None if they need none.
        listener: Listening socket; it is closed at the end.
        started: Called in the event loop when the process is about to accept connections, and handles signals.
        reload_all: Makes the other processes load the network again.

    Raises:
        ValueError: There is no network, or its file is damaged.
        OSError: The file cannot be read.
    """
    # Imported here, after the variable for the Prometheus client is set.
    from mnist_growth.serving.app import create_app
    from mnist_growth.serving.draining import DrainingServer
    from mnist_growth.serving.service import Service

    torch.set_num_threads(config.threads)
    service = Service(source, config)
    reloads = Reloads(service)

    async def start() -> None:
        if hasattr(signal, "SIGHUP"):
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, reloads.request)
        gc.collect()
        gc.freeze()  # these objects stay: exclude them from garbage collection
        started()

    settings = uvicorn.Config(
        create_app(service, token=token, started=start, reload_all=reload_all),
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        http=functools.partial(GuardedConnection, head_seconds=config.timeout_seconds),  # type: ignore[arg-type]
        ws="none",
        lifespan="on",
        backlog=BACKLOG,
        timeout_graceful_shutdown=max(1, round(config.timeout_seconds)),
    )
    # uvicorn raises the signal again after a clean stop, which becomes a KeyboardInterrupt: this is not an error.
    with contextlib.suppress(KeyboardInterrupt), raise_on_signals():
        DrainingServer(settings, service).run([listener])


class Reloads:
    """Makes a service load its network again, at most one after the other.

    Args:
        service: The service.
    """

    def __init__(self, service: "Service") -> None:
        self._service = service
        self._tasks: set[asyncio.Task[None]] = set()

    def request(self) -> None:
        """Load the network again; a request is dropped while another one waits, which will load what is newest then."""
        if len(self._tasks) >= _MAX_RELOADS:
            return
        task = asyncio.get_running_loop().create_task(self._reload())
        self._tasks.add(task)  # the loop keeps only weak references to tasks
        task.add_done_callback(self._tasks.discard)

    async def _reload(self) -> None:
        try:
            await self._service.reload()
        except (ValueError, OSError) as error:
            logger.error("The network could not be loaded; the service keeps the old one: %s", error)
