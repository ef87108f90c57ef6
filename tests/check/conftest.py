"""The handout that the tests of `grade check` use."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.check.homework import Homework, make


@pytest.fixture
def homework(tmp_path: Path) -> Homework:
    return make(tmp_path)
