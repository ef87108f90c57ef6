"""From one master to everything that students and teachers get: stubs, notebooks and the handout."""

from __future__ import annotations

from grader.release.handout import build, release

__all__ = ["build", "release"]
