"""Watch a GAN that Lightning trains with manual optimisation.

Run it:  pip install 'equipoise[lightning]' && python examples/watch_with_lightning.py [steps]
"""

import sys
from typing import Any

import torch
from lightning.pytorch import LightningModule, Trainer
from torch import Tensor, nn
from torch.nn.functional import softplus
from torch.utils.data import DataLoader, TensorDataset

from equipoise.integrations.lightning import MonitorCallback
from equipoise.monitor import BalanceMonitor, HealthMonitor, Monitor


class GAN(LightningModule):
    """Two small networks on points of a plane."""

    def __init__(self, discriminator_rate: float = 1e-3):
        super().__init__()
        self.automatic_optimization = False
        self.rates = (1e-3, discriminator_rate)
        self.generator = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))
        self.discriminator = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 1))

    def training_step(self, batch: list[Tensor], batch_idx: int) -> dict[str, Any]:
        """A step of each player; what it returns is what the monitor sees."""
        generator_optimiser, discriminator_optimiser = self.optimizers()
        (real,) = batch
        fake = self.generator(torch.randn(len(real), 8, device=self.device))

        real_scores, fake_scores = self.discriminator(real), self.discriminator(fake.detach())
        discriminator_loss = softplus(-real_scores).mean() + softplus(fake_scores).mean()
        discriminator_optimiser.zero_grad()
        self.manual_backward(discriminator_loss)
        discriminator_optimiser.step()

        generator_loss = softplus(-self.discriminator(fake)).mean()
        generator_optimiser.zero_grad()
        self.manual_backward(generator_loss)
        generator_optimiser.step()

        losses = {"generator": generator_loss, "discriminator": discriminator_loss}
        return {"real_scores": real_scores, "fake_scores": fake_scores, "losses": losses}

    def configure_optimizers(self) -> list[torch.optim.Optimizer]:
        """One for each player."""
        players = (self.generator, self.discriminator)
        return [torch.optim.Adam(player.parameters(), rate) for player, rate in zip(players, self.rates, strict=True)]


def train(steps: int, discriminator_rate: float = 1e-3, **options: Any) -> Trainer:
    """Train until the end, or until an alarm stops it."""
    torch.manual_seed(0)
    data = DataLoader(TensorDataset(torch.randn(1_024, 2) / 10 + 1), batch_size=32, shuffle=True)
    callback = MonitorCallback(Monitor(BalanceMonitor(window=20), HealthMonitor()), on_alarm="stop")
    quiet = {
        "logger": False,
        "enable_checkpointing": False,
        "enable_progress_bar": False,
        "enable_model_summary": False,
    }
    trainer = Trainer(max_epochs=-1, max_steps=2 * steps, accelerator="cpu", callbacks=[callback], **(quiet | options))
    trainer.fit(GAN(discriminator_rate), data)  # a step of each player counts
    return trainer


if __name__ == "__main__":
    trainer = train(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000, discriminator_rate=1e-6)
    print(f"Ended after {trainer.global_step // 2} iterations.")
