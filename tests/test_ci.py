"""`.ci/run` stops if it lacks what tests need, instead of skipping them."""

import shutil
import subprocess
from pathlib import Path

import pytest

CI_RUN = Path(__file__).parents[1] / ".ci" / "run"
BASH = shutil.which("bash")

pytestmark = pytest.mark.skipif(BASH is None, reason="needs bash")


def run_with(folder: Path, scripts: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run `.ci/run` where there are no commands but some scripts, and dirname."""
    for name, script in scripts.items():
        (folder / name).write_text(f"#!{BASH}\n{script}\n")
        (folder / name).chmod(0o755)
    (folder / "dirname").symlink_to(str(shutil.which("dirname")))
    return subprocess.run([BASH, CI_RUN], env={"PATH": str(folder)}, capture_output=True, text=True)


@pytest.mark.parametrize(("there", "missing"), [([], "chromium"), (["chromium"], "qemu-x86_64")])
def test_a_command_that_cannot_be_installed_stops_it(tmp_path, there, missing):
    made = tmp_path / "made"
    scripts = {"apt-get": "exit 100", "make": f"echo >> {made}", **dict.fromkeys(there, "exit 0")}

    done = run_with(tmp_path, scripts)

    assert done.returncode == 1
    assert f".ci/run needs {missing}, and the Debian package" in done.stderr
    assert not made.exists()
