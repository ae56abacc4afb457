"""Hatchling's hook: the wheel and the source distribution carry the built console.

``CALLCENTER_SKIP_FRONTEND=1`` leaves it out (for work on the engine alone). A source distribution
already holds the built console, so installing from one needs no Node.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SKIP = "CALLCENTER_SKIP_FRONTEND"


class ConsoleHook(BuildHookInterface[Any]):
    """Builds ``agent_console/static`` before files are collected."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Node as a Python package, only where the build would find none."""
        if self._skipped() or self._builder().is_current() or self._builder().find_node():
            return []
        return [str(self._builder().NODE_PACKAGE)]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self._skipped() or version == "editable":
            return
        builder = self._builder()
        try:
            builder.build(say=self.app.display_info)
        except builder.BuildError as error:
            self.app.abort(str(error))
        build_data["artifacts"].append("agent_console/static/**")

    def _skipped(self) -> bool:
        return os.environ.get(SKIP, "") not in ("", "0")

    def _builder(self) -> ModuleType:
        """The build module by its path: the package itself may need what is not installed here."""
        path = Path(self.root) / "agent_console" / "build.py"
        spec = importlib.util.spec_from_file_location("console_build", path)
        if spec is None or spec.loader is None:
            raise FileNotFoundError(path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module  # dataclasses look their own module up
        spec.loader.exec_module(module)
        return module
