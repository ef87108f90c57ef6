"""SystemExit while loading."""

from torch import nn


class Linear(nn.Module):
    raise SystemExit(0)
