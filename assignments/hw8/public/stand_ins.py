"""PyTorch's own pieces, which take the place of yours where a later exercise builds on them.

A check of a later exercise that your own layers don't pass is run again with these: a fault costs its own part only.
"""

from torch.nn import Conv2d, Flatten, Linear, MaxPool2d, ReLU
from torch.nn.functional import mse_loss

__all__ = ["Conv2d", "Flatten", "Linear", "MaxPool2d", "ReLU", "mse_loss"]
