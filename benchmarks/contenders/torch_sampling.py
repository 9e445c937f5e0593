"""Calls of a PyTorch generator, from a seed to uint8 images on the host, eager, channels_last."""

import reporting
import torch
from torch_networks import digits, resnet

task = reporting.task()

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


@torch.inference_mode()
def sample(generator, n, seed):
    """Images `(n, height, width, channels)`."""
    random = torch.Generator().manual_seed(seed)
    latents = torch.randn(n, 128, generator=random).to(DEVICE)
    with torch.autocast(DEVICE, torch.bfloat16, enabled=task["precision"] != "float32"):
        images = generator(latents).float()
    pixels = images.clamp(-1, 1).add(1).mul(127.5).round().to(torch.uint8)
    return pixels.permute(0, 2, 3, 1).cpu().numpy()


def main():
    """Samples, and reports."""
    _, generator, _ = {"digits": digits, "resnet": resnet}[task["workload"]]()
    generator.to(DEVICE, memory_format=torch.channels_last).eval()
    clock = reporting.Clock(task)
    for seed in range(clock.total):
        sample(generator, task["batch"], seed)
        clock.round_ended(lambda: None)
    clock.report(
        **reporting.device("torch"),
        **reporting.peak_memory("torch"),
        precision=task["precision"],
        jit=False,
        parameters=sum(p.numel() for p in generator.parameters())
        + sum(b.numel() for b in generator.buffers() if b.ndim),
        versions={"torch": torch.__version__},
    )


main()
