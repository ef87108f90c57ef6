"""Loss and descent."""

from .descent import fit_line, sgd_step, train
from .losses import mse_loss, mse_surface

__all__ = ["fit_line", "mse_loss", "mse_surface", "sgd_step", "train"]
