"""Puts the configuration into the wheel; everything else is in pyproject.toml."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithConfiguration(build_py):
    """Copies `conf`, without what a user keeps in `conf/local`, into the package."""

    def run(self) -> None:
        """Copy the package, then the configuration."""
        super().run()
        if not self.editable_mode:
            source, target = Path(__file__).parent / "conf", Path(self.build_lib) / "mnist_growth" / "conf"
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("local"))
            (target / "local").mkdir()
            (target / "local" / ".gitkeep").touch()


setup(cmdclass={"build_py": BuildWithConfiguration})
