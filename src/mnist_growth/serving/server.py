"""The server: socket, signals, workers, and stopping without losing a request."""

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
from typing import TYPE_CHECKING, Any

import torch
import uvicorn
from starlette.types import ASGIApp
from uvicorn.supervisors.multiprocess import Multiprocess, Process

from mnist_growth.machine import raise_on_signals
from mnist_growth.serving.config import ServingConfig
from mnist_growth.serving.connection import GuardedConnection
from mnist_growth.serving.model import ModelSource

if TYPE_CHECKING:
    from mnist_growth.serving.service import Service

logger = logging.getLogger(__name__)

_SHARED_METRICS = "PROMETHEUS_MULTIPROC_DIR"
_MAX_RELOADS = 2  # one that loads, and one that waits
_MAX_SILENCE = 60  # seconds until a worker is replaced; it does not answer during its imports, slow on a busy machine


def serve(
    source: ModelSource, config: ServingConfig, token: str | None = None, listening: Callable[[str], None] = print
) -> None:
    """Answer requests until SIGTERM or SIGINT; SIGHUP loads the network again.

    Args:
        source: Loads the network.
        config: Parameters of the service.
        token: Token that requests must send; None if they need none.
        listening: Receives the address when the service accepts connections and handles signals.

    Raises:
        ValueError: The address cannot be used, or there is no network.
        OSError: The network cannot be read.
    """
    with bind(config.host, config.port) as listener, contextlib.ExitStack() as stack:
        host, port = listener.getsockname()[:2]
        address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        if config.workers == 1:
            tell = functools.partial(listening, address)
            settings = _settings(config, _application(source, config, token, started=tell))
            listener.listen(settings.backlog)
            # uvicorn raises KeyboardInterrupt after a clean stop by a signal: this is not an error.
            with contextlib.suppress(KeyboardInterrupt), raise_on_signals():
                uvicorn.Server(settings).run([listener])
            return
        source()  # an error is reported here once, not by every worker
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="mnist-growth-metrics-"))
        os.environ[_SHARED_METRICS] = folder  # the workers read it when they import the Prometheus client
        stack.callback(os.environ.pop, _SHARED_METRICS)
        factory = functools.partial(_application, source, config, token, reload_all=_reload_all_workers)
        settings = _settings(config, factory, factory=True, workers=config.workers)
        listener.listen(settings.backlog)
        workers = _Workers(settings, [listener])
        listening(address)
        workers.run()


def bind(host: str, port: int) -> socket.socket:
    """Bind a socket to an address.

    Args:
        host: Name or address of this machine.
        port: Port; 0 chooses a free one.

    Raises:
        ValueError: The port is in use or not allowed, or the address does not belong to this machine.
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
            errno.EADDRINUSE: f"Port {port} of {host} is in use by another process: stop it, or choose another --port",
            errno.EACCES: f"This user may not use port {port}: choose a --port above 1023",
            errno.EADDRNOTAVAIL: f"{host} is not an address of this machine: choose another --host",
        }
        raise ValueError(
            reasons.get(error.errno or 0, f"The service cannot listen on {host}: {error.strerror}")
        ) from error
    listener.set_inheritable(True)
    return listener


def _settings(config: ServingConfig, app: Callable[..., Any], **more: Any) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        http=functools.partial(GuardedConnection, head_seconds=config.timeout_seconds),  # type: ignore[arg-type]
        ws="none",
        lifespan="on",
        timeout_graceful_shutdown=max(1, round(config.timeout_seconds)),
        timeout_worker_healthcheck=_MAX_SILENCE,
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
    from mnist_growth.serving.app import create_app  # after the variable for the Prometheus client is set
    from mnist_growth.serving.service import Service

    torch.set_num_threads(config.threads)
    service = Service(source, config)
    reloads = Reloads(service)

    def stop_after_draining(uvicorns: Any, number: int, frame: FrameType | None) -> None:
        """Ask clients to close their connections, and stop after a while; a second signal stops immediately."""
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
            loop.add_signal_handler(signal.SIGHUP, reloads.request)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, functools.partial(stop_after_draining, signal.getsignal(number)))
        gc.collect()
        gc.freeze()  # these objects stay: exclude them from garbage collection
        if started is not None:
            started()

    return create_app(service, token=token, started=start, reload_all=reload_all)


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


def _reload_all_workers() -> None:
    """Ask the supervisor process to make all workers load the network again."""
    os.kill(os.getppid(), signal.SIGHUP)


class _Workers(Multiprocess):
    """Workers that share a socket; a worker that dies is replaced, and SIGHUP reaches all of them."""

    def __init__(self, config: uvicorn.Config, sockets: list[socket.socket]) -> None:
        super().__init__(config, sockets)
        self._to_reload: list[Process] = []

    def handle_hup(self) -> None:
        """Make every worker load the network again; uvicorn would start new workers instead."""
        self._to_reload = list(self.processes)

    def handle_signals(self) -> None:
        """Forward a reload, twice a second, to workers that were still starting: SIGHUP would have ended them."""
        super().handle_signals()
        self._to_reload = [worker for worker in self._to_reload if worker.process.is_alive() and not _reload(worker)]


def _reload(worker: Process) -> bool:
    """Make a worker load the network again; return False if it is still starting."""
    if worker.pid is None or not worker.is_ready(timeout=1):
        return False
    os.kill(worker.pid, signal.SIGHUP)
    return True
