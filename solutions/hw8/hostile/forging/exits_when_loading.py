"""SystemExit while loading."""

import torch
from torch import nn


class Linear(nn.Module):
    raise SystemExit(0)
