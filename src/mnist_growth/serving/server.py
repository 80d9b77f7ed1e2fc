"""The server: its socket, and one or several processes that answer."""

import errno
import functools
import socket
from collections.abc import Callable

from mnist_growth.serving.config import ServingConfig
from mnist_growth.serving.model import ModelSource
from mnist_growth.serving.process import BACKLOG, answer
from mnist_growth.serving.supervisor import Supervisor, shared_metrics


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
        OSError: The network cannot be read, or workers had to be replaced too often.
    """
    with bind(config.host, config.port) as listener:
        host, port = listener.getsockname()[:2]
        address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        listener.listen(BACKLOG)
        if config.workers == 1:
            answer(source, config, token, listener, started=functools.partial(listening, address))
            return
        source()  # an error is reported here once, not by every worker
        with shared_metrics():
            supervisor = Supervisor(source, config, token, listener)
            listening(address)
            supervisor.run()


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
    return listener
