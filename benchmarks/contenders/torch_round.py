"""Times rounds of WGAN-GP by hand in PyTorch, eager, channels_last: `torch_round.py ROUNDS`.

The networks, the optimizers' arguments and the penalty are those of `kgan_round.py`.
"""

import json
import sys
import time

import torch
from torch import nn
from torch.nn import functional

WARM_UP = 3
BATCH, STEPS, LATENTS = 64, 5, 128


class Generator(nn.Module):
    """Dense 7x7x128, transposed convolutions of 64 and 1 channels, batch norm."""

    def __init__(self):
        super().__init__()
        self.dense = nn.Linear(LATENTS, 128 * 7 * 7, bias=False)
        self.norm1 = nn.BatchNorm2d(128)
        self.up1 = nn.ConvTranspose2d(128, 64, 5, 2, 2, output_padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(64)
        self.up2 = nn.ConvTranspose2d(64, 1, 5, 2, 2, output_padding=1)

    def forward(self, latents):
        """Images `(n, 1, 28, 28)`."""
        x = self.dense(latents).view(-1, 128, 7, 7).to(memory_format=torch.channels_last)
        x = functional.relu(self.norm1(x))
        x = functional.relu(self.norm2(self.up1(x)))
        return torch.tanh(self.up2(x))


def critic():
    """Convolutions of 64, 128 and 256 channels, 5x5 with stride 2."""
    return nn.Sequential(
        nn.Conv2d(1, 64, 5, 2, 2),
        nn.LeakyReLU(0.2),
        nn.Conv2d(64, 128, 5, 2, 2),
        nn.LeakyReLU(0.2),
        nn.Conv2d(128, 256, 5, 2, 2),
        nn.LeakyReLU(0.2),
        nn.Flatten(),
        nn.Linear(256 * 4 * 4, 1),
    )


def main():
    """Trains, and prints the seconds of each round after the warm-up."""
    rounds = int(sys.argv[1])
    torch.manual_seed(0)
    g = Generator().to(memory_format=torch.channels_last)
    d = critic().to(memory_format=torch.channels_last)
    for network in (g, d):
        for weight in network.parameters():
            if weight.ndim > 1:
                nn.init.normal_(weight, std=0.02)
    g_optimizer = torch.optim.Adam(g.parameters(), 1e-4, betas=(0.0, 0.9))
    d_optimizer = torch.optim.Adam(d.parameters(), 1e-4, betas=(0.0, 0.9))
    images = torch.rand(BATCH * STEPS * 10, 1, 28, 28) * 2 - 1
    images = images.to(memory_format=torch.channels_last)
    times = []
    for _ in range(rounds + WARM_UP + 1):
        chosen = torch.randperm(len(images))[: BATCH * STEPS]
        d.requires_grad_(True)
        for part in chosen.split(BATCH):
            real = images[part]
            with torch.no_grad():
                fake = g(torch.randn(BATCH, LATENTS))
            weights = torch.rand(BATCH, 1, 1, 1)
            between = (weights * real + (1 - weights) * fake).requires_grad_(True)
            (slope,) = torch.autograd.grad(d(between).sum(), between, create_graph=True)
            norm = slope.flatten(1).square().sum(1).add(1e-12).sqrt()
            loss = d(fake).mean() - d(real).mean() + 10 * (norm - 1).square().mean()
            d_optimizer.zero_grad(set_to_none=True)
            loss.backward()
            d_optimizer.step()
        # The critic's own gradient is not wanted in the generator's update.
        d.requires_grad_(False)
        loss = -d(g(torch.randn(BATCH, LATENTS))).mean()
        g_optimizer.zero_grad(set_to_none=True)
        loss.backward()
        g_optimizer.step()
        loss.item()
        times.append(time.perf_counter())
    seconds = [b - a for a, b in zip(times[WARM_UP:], times[WARM_UP + 1 :])]
    report = {
        "seconds": seconds,
        "precision": "float32",
        "jit": False,
        "parameters": sum(p.numel() for m in (g, d) for p in m.parameters())
        # Keras counts the running mean and variance of batch norm too.
        + 2 * (128 + 64),
        "torch": torch.__version__,
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
