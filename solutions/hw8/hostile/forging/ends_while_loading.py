"""The module ends the process while it is loaded."""

import os

from torch import nn


class Linear(nn.Module):
    os._exit(0)
