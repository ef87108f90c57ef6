"""A subclass of `nn.Linear` by the contract's name."""

from torch import nn


class Base(nn.Linear):
    pass


class Linear(Base):
    def __init__(self, in_features, out_features):
        super().__init__(in_features, out_features)
