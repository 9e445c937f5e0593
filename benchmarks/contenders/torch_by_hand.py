"""Rounds of WGAN-GP in PyTorch, by hand: eager, or what can be compiled, channels_last.

`torch.compile` cannot differentiate twice, so with it the generator and the critic's ordinary
passes are compiled, and the gradient penalty stays eager.
"""

import contextlib

import reporting
import torch
from torch import nn
from torch_networks import LATENTS, digits, resnet

task = reporting.task()

STEPS, BATCH = 5, task["batch"]
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


def main():
    """Trains, and reports."""
    if task["workload"] not in ("digits", "resnet"):
        reporting.unavailable("PyTorch by hand is written for the workloads digits and resnet")
    torch.manual_seed(0)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    torch.backends.cudnn.benchmark = True
    shape, g, d = {"digits": digits, "resnet": resnet}[task["workload"]]()
    for network in (g, d):
        network.to(DEVICE, memory_format=torch.channels_last)
        for weight in network.parameters():
            if weight.ndim > 1:
                nn.init.normal_(weight, std=0.02)
    fused = {"fused": True} if DEVICE == "cuda" else {}
    g_adam = torch.optim.Adam(g.parameters(), 1e-4, betas=(0.0, 0.9), **fused)
    d_adam = torch.optim.Adam(d.parameters(), 1e-4, betas=(0.0, 0.9), **fused)
    make, judge = g, d
    if task.get("compile"):
        make, judge = torch.compile(g), torch.compile(d)

    def cast():
        if task["precision"] == "float32":
            return contextlib.nullcontext()
        return torch.autocast(DEVICE, torch.bfloat16)

    def update_critic(real):
        latents = torch.randn(BATCH, LATENTS, device=DEVICE)
        with torch.no_grad(), cast():
            fake = make(latents).float()
        alpha = torch.rand(BATCH, 1, 1, 1, device=DEVICE)
        between = (alpha * real + (1 - alpha) * fake).requires_grad_(True)
        with cast():
            logits = d(between).float()
            (slope,) = torch.autograd.grad(logits.sum(), between, create_graph=True)
            difference = judge(fake).float().mean() - judge(real).float().mean()
        norm = slope.flatten(1).square().sum(1).add(1e-12).sqrt()
        loss = difference + 10 * (norm - 1).square().mean()
        d_adam.zero_grad(set_to_none=True)
        loss.backward()
        d_adam.step()

    def update_generator():
        # The critic's own gradient is not wanted here.
        d.requires_grad_(False)
        with cast():
            loss = -judge(make(torch.randn(BATCH, LATENTS, device=DEVICE))).float().mean()
        g_adam.zero_grad(set_to_none=True)
        loss.backward()
        g_adam.step()
        d.requires_grad_(True)
        return loss

    # As in kgan's `fit`, the images of each round come from the host, here from pinned memory.
    images = torch.rand(BATCH * STEPS * 4, *shape) * 2 - 1
    images = images.to(memory_format=torch.channels_last)
    if DEVICE == "cuda":
        images = images.pin_memory()
    clock = reporting.Clock(task)
    for number in range(clock.total):
        first = BATCH * STEPS * (number % 4)
        chosen = images[first : first + BATCH * STEPS].to(DEVICE, non_blocking=True)
        for real in chosen.split(BATCH):
            update_critic(real)
        loss = update_generator()
        clock.round_ended(loss.item)
    clock.report(
        **reporting.device("torch"),
        **reporting.peak_memory("torch"),
        precision=task["precision"],
        jit=bool(task.get("compile")),
        # Keras counts the running mean and variance of batch norm too.
        parameters=sum(p.numel() for m in (g, d) for p in m.parameters())
        + sum(b.numel() for m in (g, d) for b in m.buffers() if b.ndim),
        versions={"torch": torch.__version__},
    )


main()
