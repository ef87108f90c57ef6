"""Everything lies in the modules beside this one."""

import numpy as np
import torch
import torch.nn.functional as F
from course import *
from layers import Conv2d, Flatten, Linear, MaxPool2d, ReLU
from torch import nn


def to_tensor(array, device="cpu"):
    fresh = np.array(array, dtype="float32", order="C")
    return torch.as_tensor(fresh).to(device)


def to_numpy(tensor):
    return tensor.detach().cpu().numpy()


class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = Conv2d(1, 8, 3, padding=1)
        self.conv2 = Conv2d(8, 16, 3, padding=1)
        self.fc = Linear(64, 10)

    def forward(self, x):
        x = MaxPool2d(2)(ReLU()(self.conv1(x)))
        x = MaxPool2d(2)(ReLU()(self.conv2(x)))
        return self.fc(Flatten()(x))


def accuracy(model, batches, device="cpu"):
    training = model.training
    model.to(device)
    model.eval()
    right = total = 0
    with torch.no_grad():
        for x, y in batches:
            guess = model(x.to(device)).argmax(dim=1)
            right += (guess == y.to(device)).sum().item()
            total += len(y)
    model.train(training)
    return right / total


def train_classifier(images, labels, device="cpu"):
    model = CNN().to(device)
    model.train()
    images, labels = images.to(device), labels.to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for epoch in range(25):
        order = torch.randperm(len(images), device=device)
        for start in range(0, len(images), 64):
            chosen = order[start : start + 64]
            loss = F.cross_entropy(model(images[chosen]), labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return model
