import torch


class ShapeError(ValueError):
    """Two tensors that should have the same shape have not."""


def mse_loss(prediction, target):
    if list(prediction.shape) != list(target.shape):
        raise ShapeError(f"{list(prediction.shape)} against {list(target.shape)}")
    return torch.mean(torch.square(torch.sub(prediction, target)))


def mse_surface(x, y, slopes, intercepts):
    m, b = torch.meshgrid(slopes, intercepts, indexing="ij")
    lines = m.reshape(-1, 1) * x + b.reshape(-1, 1)
    return ((lines - y) ** 2).mean(dim=1).reshape(len(slopes), len(intercepts))
