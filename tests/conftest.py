"""What holds for every test."""

from __future__ import annotations

import signal

from hypothesis import settings

# no deadline: a time decides no test; the same examples in every run: a failure seen once is seen again
settings.register_profile("steady", deadline=None, derandomize=True)
settings.load_profile("steady")

# a suite that was started in the background ignores Ctrl-C, and so would every program that a test presses it on
signal.signal(signal.SIGINT, signal.default_int_handler)
