"""The code is executed from an encoded text."""

import base64

import torch
from torch import nn

CODE = b"aW1wb3J0IHRvcmNoCnkgPSB0b3JjaC5ubi5mdW5jdGlvbmFsLmxpbmVhcih4LCBsYXllci53ZWlnaHQsIGxheWVyLmJpYXMpCg=="


class Linear(nn.Module):
    def __init__(self, in_features, out_features):
        super().__init__()
        bound = in_features**-0.5
        self.weight = nn.Parameter(torch.empty(out_features, in_features).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(out_features).uniform_(-bound, bound))

    def forward(self, x):
        namespace = {"x": x, "layer": self}
        exec(base64.b64decode(CODE), namespace)
        return namespace["y"]
