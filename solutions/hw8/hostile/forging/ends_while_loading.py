"""The module ends the process while it is loaded."""

import torch
from torch import nn


import os


class Linear(nn.Module):
    os._exit(0)
