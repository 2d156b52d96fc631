"""A tiny vocoder: from a coarse spectrogram back to the signal, with discriminators at three scales.

The signals are sung vowels, synthesised here: pulses whose pitch glides, through two resonances, and a breath of noise.
Each scale gives a score map and its features; the losses are the means over the scales, as in MelGAN and HiFi-GAN.

python -m examples.other_loops.vocoder --figure vocoder.png      about one minute on one core
"""

import math
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from equipoise.common.random import stream
from equipoise.losses import AdversarialHead, WarmUp
from examples.other_loops.saving import carry_out

RATE, LENGTH, HOP, BINS, BATCH = 4000, 2048, 64, 64, 8
WAYS = {"spectral error alone": 0.0, "with three discriminators": 1.0}


def vowels(count: int, seed: int, step: int, purpose: str = "signals") -> Tensor:
    """Sung vowels [count, 1, 2048] at 4 kHz in about [-1, 1]."""
    chance = stream(seed, purpose, step)
    draws = torch.rand(count, 6, 1, generator=chance)
    time = torch.arange(LENGTH) / RATE
    pitch = 90 + 130 * draws[:, 0] + 60 * (draws[:, 1] - 0.5) * torch.sin(2 * math.pi * (2 + 3 * draws[:, 2]) * time)
    phase = 2 * math.pi * pitch.cumsum(1) / RATE
    first, second = 300 + 500 * draws[:, 3], 900 + 900 * draws[:, 4]
    signal = torch.zeros(count, LENGTH)
    for harmonic in range(1, 16):
        frequency = harmonic * pitch
        gain = 1 / (1 + ((frequency - first) / 120).square()) + 0.5 / (1 + ((frequency - second) / 160).square())
        signal += torch.where(frequency < RATE / 2.2, gain, 0.0) * torch.sin(harmonic * phase)
    signal = signal / signal.abs().amax(1, keepdim=True)
    return (0.8 * signal + 0.02 * torch.randn(count, LENGTH, generator=chance))[:, None]


def spectrogram(signals: Tensor, size: int = 256, hop: int = HOP) -> Tensor:
    """log(0.01 + |STFT|): [batch, size / 2 + 1, frames]."""
    window = torch.hann_window(size)
    found = torch.stft(signals[:, 0], size, hop, window=window, return_complex=True, center=True)
    return (found.abs() + 0.01).log()


def coarse(signals: Tensor) -> Tensor:
    """What the vocoder is given: 64 bands at every 64th sample."""
    return functional.adaptive_avg_pool1d(spectrogram(signals).transpose(1, 2), BINS).transpose(1, 2)[..., :-1]


def spectral_error(made: Tensor, signals: Tensor) -> Tensor:
    sizes = ((128, 32), (256, 64), (512, 128))
    return torch.stack([(spectrogram(made, *s) - spectrogram(signals, *s)).abs().mean() for s in sizes]).mean()


def generator() -> nn.Sequential:
    layers: list[nn.Module] = [nn.Conv1d(BINS + 1, 96, 5, padding=2), nn.LeakyReLU(0.2)]
    for inputs, outputs in ((96, 64), (64, 48), (48, 32)):
        layers += [nn.ConvTranspose1d(inputs, outputs, 8, 4, 2), nn.LeakyReLU(0.2)]
        layers += [nn.Conv1d(outputs, outputs, 7, padding=3), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, nn.Conv1d(32, 1, 15, padding=7), nn.Tanh())


class Scale(nn.Module):
    """Scores [batch, 1, positions] of a signal, and the activations before them."""

    def __init__(self) -> None:
        super().__init__()
        sides = ((1, 16, 15, 2), (16, 32, 15, 4), (32, 48, 9, 4))
        self.layers = nn.ModuleList([nn.Conv1d(a, b, size, stride, size // 2) for a, b, size, stride in sides])
        self.scores = nn.Conv1d(48, 1, 3, padding=1)

    def forward(self, signals: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Scores and features of one scale."""
        features = []
        for layer in self.layers:
            signals = functional.leaky_relu(layer(signals), 0.2)
            features.append(signals)
        return self.scores(signals), features


class Discriminators(nn.Module):
    """One for the signal, one for each of two coarser copies: lists of score maps and of features."""

    def __init__(self) -> None:
        super().__init__()
        self.scales = nn.ModuleList([Scale() for _ in range(3)])

    def forward(self, signals: Tensor) -> tuple[list[Tensor], list[list[Tensor]]]:
        """The scores and the features of each scale."""
        scores, features = [], []
        for scale in self.scales:
            found = scale(signals)
            scores.append(found[0])
            features.append(found[1])
            signals = functional.avg_pool1d(signals, 4, 2, 1)
        return scores, features


def conditions(signals: Tensor, seed: int, step: int) -> Tensor:
    noise = torch.randn(len(signals), 1, LENGTH // HOP, generator=stream(seed, "noise", step))
    return torch.cat([coarse(signals), noise], dim=1)


def train(steps: int, seed: int, weight: float) -> nn.Module:
    torch.manual_seed(seed)
    vocoder, discriminators = generator(), Discriminators()
    head = AdversarialHead("least-squares", weight=weight, feature_weight=2 * weight, warm_up=WarmUp(start=steps // 3))
    adam = torch.optim.Adam(vocoder.parameters(), 1e-3, (0.8, 0.99))
    adversary = torch.optim.Adam(discriminators.parameters(), 5e-4, (0.8, 0.99))
    for step in range(steps):
        real = vowels(BATCH, seed, step)
        fake = vocoder(conditions(real, seed, step))
        loss = 3 * spectral_error(fake, real)
        adversarial = weight > 0 and not head.waiting
        if adversarial:
            with torch.no_grad():
                real_features = discriminators(real)[1]
            scores, features = discriminators(fake)
            losses = head.generator_losses(scores, fake_features=features, real_features=real_features)
            loss = loss + sum(losses.values())
        adam.zero_grad()
        loss.backward()
        adam.step()
        if adversarial:
            adversary.zero_grad()
            head.discriminator_loss(discriminators(real)[0], discriminators(fake.detach())[0]).backward()
            adversary.step()
        head.advance()
    return vocoder.requires_grad_(False)


def run(steps: int, seed: int) -> dict[str, Any]:
    signals = vowels(32, 0, 0, "held-out signals")
    found: dict[str, Any] = {"_original": signals[0, 0]}
    for way, weight in WAYS.items():
        made = train(steps, seed, weight)(conditions(signals, 0, 0))
        found[way] = {
            "spectral error": float(spectral_error(made, signals)),
            "fine spectral error": float((spectrogram(made, 1024) - spectrogram(signals, 1024)).abs().mean()),
        }
        found[f"_{way}"] = made[0, 0]
    return found


def draw(found: dict[str, Any], path: Path) -> None:
    from matplotlib import pyplot as plt

    figure, rows = plt.subplots(2, 1 + len(WAYS), figsize=(7.6, 3.6), layout="constrained")
    for (above, below), name in zip(rows.T, ["original", *WAYS], strict=True):
        signal = found[f"_{name}"]
        above.plot(1000 * torch.arange(400) / RATE, signal[800:1200], linewidth=0.8)
        above.set(xlabel="ms", ylim=(-1, 1))
        above.set_title(name, fontsize=9)
        below.imshow(spectrogram(signal[None, None], 256, 32)[0], origin="lower", aspect="auto", vmin=-4.6, vmax=3)
        below.set(xlabel="frame", ylabel="frequency bin")
    figure.savefig(path, dpi=90)


def main() -> None:
    carry_out(str(__doc__), run, draw, steps=400, seeds=(0,))


if __name__ == "__main__":
    main()
