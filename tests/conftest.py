"""What holds for every test."""

from __future__ import annotations

from hypothesis import settings

# no deadline: a time decides no test; the same examples in every run: a failure seen once is seen again
settings.register_profile("steady", deadline=None, derandomize=True)
settings.load_profile("steady")
