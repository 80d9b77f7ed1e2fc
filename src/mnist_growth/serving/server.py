"""Listening: the socket, signals, workers, and stopping without losing a request."""

import asyncio
import contextlib
import errno
import functools
import gc
import logging
import os
import signal
import socket
import tempfile
from collections.abc import Callable
from types import FrameType
from typing import Any

import torch
import uvicorn
from starlette.types import ASGIApp
from uvicorn.supervisors.multiprocess import Multiprocess, Process

from mnist_growth.machine import raise_on_signals
from mnist_growth.serving.config import ServingConfig
from mnist_growth.serving.model import ModelSource

logger = logging.getLogger(__name__)

_SHARED_METRICS = "PROMETHEUS_MULTIPROC_DIR"


def serve(
    source: ModelSource, config: ServingConfig, token: str | None = None, listening: Callable[[str], None] = print
) -> None:
    """Answer requests until SIGTERM or SIGINT comes; SIGHUP loads the network again.

    Args:
        source: Where the network comes from.
        config: Address, limits and the like.
        token: That requests have to bring, if any.
        listening: Told the address once connections are taken and signals are understood.

    Raises:
        ValueError: The address cannot be listened on, or there is no network.
        OSError: The network cannot be read.
    """
    with bind(config.host, config.port) as listener, contextlib.ExitStack() as stack:
        host, port = listener.getsockname()[:2]
        address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        if config.workers == 1:
            tell = functools.partial(listening, address)
            settings = _settings(config, _application(source, config, token, started=tell))
            listener.listen(settings.backlog)
            # uvicorn raises what the signal stands for when it has stopped in good order: that is no error.
            with contextlib.suppress(KeyboardInterrupt), raise_on_signals():
                uvicorn.Server(settings).run([listener])
            return
        source()  # fails here, in one sentence, rather than in every worker
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="mnist-growth-metrics-"))
        os.environ[_SHARED_METRICS] = folder  # the workers look for it when they import Prometheus's client
        stack.callback(os.environ.pop, _SHARED_METRICS)
        factory = functools.partial(_application, source, config, token, reload_all=_ask_supervisor)
        settings = _settings(config, factory, factory=True, workers=config.workers)
        listener.listen(settings.backlog)
        workers = _Workers(settings, [listener])
        listening(address)
        workers.run()


def bind(host: str, port: int) -> socket.socket:
    """Take a port.

    Raises:
        ValueError: It is taken, or the address is not of this machine, or not allowed.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
        except OSError:
            listener.close()
            raise
    except OSError as error:
        reasons = {
            errno.EADDRINUSE: f"port {port} of {host} is in use by another process: stop it, or choose another --port",
            errno.EACCES: f"port {port} may not be used by this user: choose a --port above 1023",
            errno.EADDRNOTAVAIL: f"{host} is no address of this machine: choose another --host",
        }
        raise ValueError(reasons.get(error.errno or 0, f"{host} cannot be listened on: {error.strerror}")) from error
    listener.set_inheritable(True)
    return listener


def _settings(config: ServingConfig, app: Callable[..., Any], **more: Any) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        ws="none",
        lifespan="on",
        timeout_graceful_shutdown=max(1, round(config.timeout_seconds)),
        **more,
    )


def _application(
    source: ModelSource,
    config: ServingConfig,
    token: str | None,
    *,
    started: Callable[[], None] | None = None,
    reload_all: Callable[[], None] | None = None,
) -> ASGIApp:
    """The application of one process, with the network loaded."""
    from mnist_growth.serving.app import create_app  # not before the variable for Prometheus's client is set
    from mnist_growth.serving.service import Service

    torch.set_num_threads(config.threads)
    service = Service(source, config)
    tasks: set[asyncio.Task[None]] = set()

    async def reload() -> None:
        try:
            await service.reload()
        except (ValueError, OSError) as error:
            logger.error("The network could not be loaded again, the old one goes on answering: %s", error)

    def reload_on_signal() -> None:
        task = asyncio.get_running_loop().create_task(reload())
        tasks.add(task)  # the loop itself does not hold on to tasks
        task.add_done_callback(tasks.discard)

    def stop_after_draining(uvicorns: Any, number: int, frame: FrameType | None) -> None:
        """Go on answering for a while, and tell clients with open connections to leave; a second signal ends it."""
        if service.stopping:
            uvicorns(number, frame)
            return
        service.stopping = True
        later = functools.partial(loops[0].call_later, config.drain_seconds, uvicorns, number, frame)
        loops[0].call_soon_threadsafe(later)

    loops: list[asyncio.AbstractEventLoop] = []

    async def start() -> None:
        loop = asyncio.get_running_loop()
        loops.append(loop)
        if hasattr(signal, "SIGHUP"):
            loop.add_signal_handler(signal.SIGHUP, reload_on_signal)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, functools.partial(stop_after_draining, signal.getsignal(number)))
        gc.collect()
        gc.freeze()  # what is here now stays: the collector need not look at it again and again
        if started is not None:
            started()

    return create_app(service, token=token, started=start, reload_all=reload_all)


def _ask_supervisor() -> None:
    """Let the process that watches the workers tell all of them to load the network again."""
    os.kill(os.getppid(), signal.SIGHUP)


class _Workers(Multiprocess):
    """Workers that share a socket; one that dies is replaced, and SIGHUP reaches all of them."""

    def __init__(self, config: uvicorn.Config, sockets: list[socket.socket]) -> None:
        super().__init__(config, sockets)
        self._untold: list[Process] = []

    def handle_hup(self) -> None:
        """Let every worker load the network again, where uvicorn would start new ones."""
        self._untold = list(self.processes)

    def handle_signals(self) -> None:
        """Called twice a second: a worker that is still starting, and would end by the signal, is told later."""
        super().handle_signals()
        self._untold = [worker for worker in self._untold if worker.process.is_alive() and not _told(worker)]


def _told(worker: Process) -> bool:
    """Tell a worker to load the network again, if it understands that already."""
    if worker.pid is None or not worker.is_ready(timeout=1):
        return False
    os.kill(worker.pid, signal.SIGHUP)
    return True
