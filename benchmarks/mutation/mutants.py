"""Mutants that the tests must notice: single plausible mistakes, each with the tests of the module that it is in."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """One wrong version of the code.

    Attributes:
        name: What is wrong.
        file: Changed file, relative to the package.
        old: Text that occurs once in the file.
        new: Text that replaces it.
        tests: Tests that should fail, relative to the folder of the tests, separated by spaces.
    """

    name: str
    file: str
    old: str
    new: str
    tests: str


MUTANTS = (
    Mutant(
        "average: the decay of one update is used for several",
        "learning/averaging.py",
        "(1 + updates) / (10 + updates)) ** span)",
        "(1 + updates) / (10 + updates)))",
        "learning/test_averaging.py",
    ),
    Mutant(
        "average: weights are averaged every 64 updates",
        "training/step.py",
        "AVERAGE_EVERY = 8",
        "AVERAGE_EVERY = 64",
        "training/test_loop.py",
    ),
    Mutant(
        "resume: warps may change",
        "training/setup.py",
        'name not in (*MAY_CHANGE, "schedule_start")',
        'name not in (*MAY_CHANGE, "schedule_start") and not name.startswith("warps.")',
        "training/test_resumed_setup.py",
    ),
    Mutant(
        "resume: the split may change",
        "training/setup.py",
        'name not in (*MAY_CHANGE, "schedule_start")',
        'name not in (*MAY_CHANGE, "schedule_start", "split")',
        "training/test_resumed_setup.py",
    ),
    Mutant(
        "resume: the data may change",
        "training/setup.py",
        'name not in (*MAY_CHANGE, "schedule_start")',
        'name not in (*MAY_CHANGE, "schedule_start", "fingerprint")',
        "training/test_resumed_setup.py",
    ),
    Mutant(
        "resume: the network may change",
        "training/setup.py",
        'name not in (*MAY_CHANGE, "schedule_start")',
        'name not in (*MAY_CHANGE, "schedule_start") and not name.startswith("network.")',
        "training/test_resumed_setup.py",
    ),
    Mutant(
        "resume: a training continues from the checkpoint of another one",
        "training/start.py",
        "    setup.check_continues(earlier)\n",
        "",
        "training/test_resumed_setup.py",
    ),
    Mutant(
        "resume: requested changes of the warps are ignored",
        "training/resume.py",
        '("network", "growth", "training", "warps")',
        '("network", "growth", "training")',
        "training/test_resumed_setup.py",
    ),
    Mutant(
        "resume: requested changes of the network are ignored",
        "training/resume.py",
        '("network", "growth", "training", "warps")',
        '("growth", "training", "warps")',
        "training/test_resumed_setup.py",
    ),
    Mutant(
        "split fingerprint: only the training part counts",
        "training/setup.py",
        "in (split.train, split.validation):",
        "in (split.train,):",
        "training/test_resumed_setup.py",
    ),
    Mutant(
        "split fingerprint: the boundary between the parts does not count",
        "training/setup.py",
        "        digest.update(np.int64(len(part)).tobytes())\n",
        "",
        "training/test_resumed_setup.py",
    ),
    Mutant(
        "checksum: without the header",
        "network/tensor_file.py",
        "hashlib.sha256(header.encode())",
        "hashlib.sha256()",
        "network/test_network_file.py",
    ),
    Mutant(
        "checksum: without the names of tensors",
        "network/tensor_file.py",
        'f"{name} {tensor.dtype} {tuple(tensor.shape)}"',
        'f"{tensor.dtype} {tuple(tensor.shape)}"',
        "network/test_network_file.py",
    ),
    Mutant(
        "checksum: without dtypes",
        "network/tensor_file.py",
        'f"{name} {tensor.dtype} {tuple(tensor.shape)}"',
        'f"{name} {tuple(tensor.shape)}"',
        "network/test_network_file.py",
    ),
    Mutant(
        "checksum: without shapes",
        "network/tensor_file.py",
        'f"{name} {tensor.dtype} {tuple(tensor.shape)}"',
        'f"{name} {tensor.dtype}"',
        "network/test_network_file.py",
    ),
    Mutant(
        "token: the right token with anything after it is accepted",
        "serving/token.py",
        'hmac.compare_digest(sent.strip(b" "), self._token)',
        "sent.startswith(self._token)",
        "serving/test_token.py",
    ),
    Mutant(
        "token: the beginning of the right token is accepted",
        "serving/token.py",
        'hmac.compare_digest(sent.strip(b" "), self._token)',
        'self._token.startswith(sent.strip(b" "))',
        "serving/test_token.py",
    ),
    Mutant(
        "limit of requests: one fewer",
        "serving/gate.py",
        "self._in_progress >= config.max_requests",
        "self._in_progress >= config.max_requests - 1",
        "serving/test_gate.py",
    ),
    Mutant(
        "limit of requests: one more",
        "serving/gate.py",
        "self._in_progress >= config.max_requests",
        "self._in_progress > config.max_requests",
        "serving/test_gate.py",
    ),
    Mutant(
        "drain: the service never stops",
        "serving/draining.py",
        "        super().handle_exit(sig, frame)\n",
        "",
        "serving/test_server.py",
    ),
    Mutant(
        "drain: the service stops immediately",
        "serving/draining.py",
        "self._wait(lambda: False, self._service.config.drain_seconds)",
        "self._wait(lambda: False, 0)",
        "serving/test_server.py",
    ),
    Mutant(
        "drain: the service stops much later",
        "serving/draining.py",
        "self._wait(lambda: False, self._service.config.drain_seconds)",
        "self._wait(lambda: False, 20 + self._service.config.drain_seconds)",
        "serving/test_server.py",
    ),
    Mutant(
        "stop: connections in the queue of the socket are reset",
        "serving/draining.py",
        "            drop_attempts_to_connect(sockets)\n",
        "",
        "serving/test_server.py",
    ),
    Mutant(
        "supervisor: one more worker is replaced than allowed",
        "serving/supervisor.py",
        "len(self._restarts) >= self._config.max_restarts",
        "len(self._restarts) > self._config.max_restarts",
        "serving/test_supervisor.py",
    ),
    Mutant(
        "supervisor: the gauges of a dead worker stay",
        "serving/supervisor.py",
        "        mark_process_dead(worker.process.pid)  # type: ignore[no-untyped-call]\n",
        "",
        "serving/test_supervisor.py",
    ),
    Mutant(
        "batching: a batch that is full from the start waits",
        "serving/batching.py",
        "if self._max_wait_seconds and self._images < self._max_batch:",
        "if self._max_wait_seconds:",
        "serving/test_batching.py",
    ),
    Mutant(
        "batching: a batch that fills up while it waits goes on waiting",
        "serving/batching.py",
        "self._timer, asyncio.TimerHandle) and self._images >= self._max_batch:",
        "self._timer, asyncio.TimerHandle) and self._images > self._max_batch:",
        "serving/test_batching.py",
    ),
    Mutant(
        "plateau: the improvement is absolute",
        "growth/plateau.py",
        "min(before) * (1 - config.plateau_improvement)",
        "min(before) - config.plateau_improvement",
        "growth/test_triggers.py",
    ),
    Mutant(
        "reliability curve: a bin contains its lower edge",
        "evaluation/calibration.py",
        "np.digitize(confidence, edges[1:-1], right=True)",
        "np.digitize(confidence, edges[1:-1], right=False)",
        "evaluation/test_calibration.py",
    ),
    Mutant(
        "calibration error: a bin contains its lower edge",
        "evaluation/calibration.py",
        "np.digitize(confidence, upper_edges, right=True)",
        "np.digitize(confidence, upper_edges, right=False)",
        "evaluation/test_calibration.py",
    ),
    Mutant(
        "gradient-directed units: without their bias",
        "growth/gradient.py",
        "torch.cat([directed[:, -1], directed.new_zeros(rest_count * entries)])",
        "torch.cat([directed.new_zeros(len(directed)), directed.new_zeros(rest_count * entries)])",
        "growth/test_gradient.py",
    ),
    Mutant(
        "widening: the bias of new units is dropped",
        "growth/widening.py",
        "        if name in widening.new:\n",
        '        if name in widening.new and axis.role != "bias":\n',
        "growth",
    ),
    Mutant(
        "widening: given biases of new units are replaced by zeros",
        "growth/widening.py",
        "if axis.tensor in given else",
        'if axis.tensor in given and axis.role != "bias" else',
        "growth",
    ),
    Mutant(
        "canonical form: a digit 2 pixels off the centre stays there",
        "digits/canonical.py",
        "_CENTRE_TOLERANCE = 0.6",
        "_CENTRE_TOLERANCE = 3",
        "digits/test_mnist_form.py",
    ),
    Mutant(
        "MNIST form: a digit 2 pixels off the centre has it",
        "digits/mnist_form.py",
        "CENTRE_TOLERANCE = 0.6",
        "CENTRE_TOLERANCE = 3",
        "digits/test_mnist_form.py",
    ),
    Mutant(
        "decoding: an image of exactly the largest size is rejected",
        "digits/decoding.py",
        "image.width * image.height > max_pixels",
        "image.width * image.height >= max_pixels",
        "digits/test_decoding.py",
    ),
    Mutant(
        "warps: the shear follows the rotation",
        "digits/warps.py",
        "shear=draw[:, 1]",
        "shear=draw[:, 0]",
        "digits/test_warps.py",
    ),
    Mutant(
        "warps: the elastic field ends 0.5 sigma outside the image",
        "digits/warps.py",
        "_MARGIN = 2.5",
        "_MARGIN = 0.5",
        "digits/test_warps.py",
    ),
    Mutant(
        "history: an epoch has the learning rate of the one before",
        "training/epoch.py",
        "learning_rate(state.epochs_done, training, setup.schedule_start)",
        "learning_rate(state.epochs_done - 1, training, setup.schedule_start)",
        "training/test_loop.py",
    ),
    Mutant(
        "split: every class has the same draw",
        "digits/split.py",
        "members = generator.permutation(",
        "members = np.random.default_rng(config.seed).permutation(",
        "digits/test_split.py",
    ),
)
