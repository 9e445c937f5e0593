"""The workloads' networks in PyTorch, as kgan's builders make them in Keras."""

import torch
from torch import nn
from torch.nn import functional

LATENTS = 128


class Reshape(nn.Module):
    """Features of a dense layer as an image."""

    def __init__(self, channels, size):
        super().__init__()
        self.shape = (-1, channels, size, size)

    def forward(self, x):
        """`(n, channels, size, size)`."""
        return x.view(self.shape).to(memory_format=torch.channels_last)


class GeneratorBlock(nn.Module):
    """Doubles height and width."""

    def __init__(self, c):
        super().__init__()
        self.shortcut = nn.Conv2d(c, c, 1)
        self.norms = nn.ModuleList([nn.BatchNorm2d(c), nn.BatchNorm2d(c)])
        self.convs = nn.ModuleList([nn.Conv2d(c, c, 3, 1, 1), nn.Conv2d(c, c, 3, 1, 1)])

    def forward(self, x):
        """Twice the size."""
        shortcut = functional.interpolate(self.shortcut(x), scale_factor=2)
        x = functional.interpolate(functional.relu(self.norms[0](x)), scale_factor=2)
        x = functional.relu(self.norms[1](self.convs[0](x)))
        return self.convs[1](x) + shortcut


class CriticBlock(nn.Module):
    """Halves height and width, if it does."""

    def __init__(self, inputs, c, halves, first=False):
        super().__init__()
        self.first, self.halves = first, halves
        self.convs = nn.ModuleList([nn.Conv2d(inputs, c, 3, 1, 1), nn.Conv2d(c, c, 3, 1, 1)])
        self.shortcut = nn.Conv2d(inputs, c, 1) if halves else nn.Identity()

    def forward(self, x):
        """Half the size, or the same."""
        shortcut = self.shortcut(functional.avg_pool2d(x, 2) if self.halves else x)
        x = self.convs[0](x if self.first else functional.relu(x))
        x = self.convs[1](functional.relu(x))
        return (functional.avg_pool2d(x, 2) if self.halves else x) + shortcut


def digits():
    """DCGAN at 28 px."""
    g = nn.Sequential(
        nn.Linear(LATENTS, 128 * 7 * 7, bias=False),
        Reshape(128, 7),
        nn.BatchNorm2d(128),
        nn.ReLU(),
        nn.ConvTranspose2d(128, 64, 5, 2, 2, output_padding=1, bias=False),
        nn.BatchNorm2d(64),
        nn.ReLU(),
        nn.ConvTranspose2d(64, 1, 5, 2, 2, output_padding=1),
        nn.Tanh(),
    )
    d = nn.Sequential(
        nn.Conv2d(1, 64, 5, 2, 2),
        nn.LeakyReLU(0.2),
        nn.Conv2d(64, 128, 5, 2, 2),
        nn.LeakyReLU(0.2),
        nn.Conv2d(128, 256, 5, 2, 2),
        nn.LeakyReLU(0.2),
        nn.Flatten(),
        nn.Linear(256 * 4 * 4, 1),
    )
    return (1, 28, 28), g, d


def resnet():
    """WGAN-GP's residual networks at 32 px, 128 channels."""
    c = 128
    g = nn.Sequential(
        nn.Linear(LATENTS, c * 4 * 4),
        Reshape(c, 4),
        *(GeneratorBlock(c) for _ in range(3)),
        nn.BatchNorm2d(c),
        nn.ReLU(),
        nn.Conv2d(c, 3, 3, 1, 1),
        nn.Tanh(),
    )
    d = nn.Sequential(
        CriticBlock(3, c, halves=True, first=True),
        CriticBlock(c, c, halves=True),
        CriticBlock(c, c, halves=False),
        CriticBlock(c, c, halves=False),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(c, 1),
    )
    return (3, 32, 32), g, d
