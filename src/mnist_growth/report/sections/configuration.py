"""Everything that is needed to repeat a run."""

from collections.abc import Mapping
from typing import Any

from mnist_growth.network import TrainedNetwork
from mnist_growth.report.content import Section
from mnist_growth.report.facts import RunFacts
from mnist_growth.report.tables import values
from mnist_growth.shown_path import with_shown_paths

_EARLIER = (
    "These are the parameters of the run that wrote this report. The network comes from an earlier run, which may have "
    "had other parameters."
)


def configuration(trained: TrainedNetwork, parameters: Mapping[str, Any], facts: RunFacts) -> Section:
    """Return the section with the run, the machine, the software, the versions of the data and the parameters."""
    network = {"network": trained.version, "SHA-256 of the weights": trained.sha256}
    tables = [
        values("run", "The run", {**facts.run, **network}),
        values("machine", "Machine", facts.machine),
        values("software", "Software", facts.software),
        values("versions", "Versions of the data", facts.versions),
        values("parameters", "Parameters", with_shown_paths(parameters)),
    ]
    is_trained_here = trained.version in ("", facts.run.get("began"))
    return Section("configuration", "Configuration", [] if is_trained_here else [_EARLIER], tables)
