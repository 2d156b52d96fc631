"""The same in Lightning with manual optimisation: a callback saves and restores, in the middle of an epoch too.

Run it:  pip install 'equipoise[lightning]' && python -m examples.resume_in_lightning [folder] [steps]
Kill it, and run it again.
"""

import sys
from pathlib import Path
from typing import Any

import lightning
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from equipoise.losses import hinge_discriminator_loss, hinge_generator_loss
from equipoise.training import Bundle, DataOrder
from examples.resume_any_loop import ring


class RingGAN(lightning.LightningModule):
    """Two players, each with an optimiser of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.generator = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 2))
        self.discriminator = nn.Sequential(nn.Linear(2, 32), nn.LeakyReLU(0.2), nn.Dropout(0.1), nn.Linear(32, 1))

    def configure_optimizers(self) -> list[torch.optim.Optimizer]:
        """The generator's, then the discriminator's."""
        players = (self.generator, self.discriminator)
        return [torch.optim.Adam(player.parameters(), lr=1e-3, betas=(0.5, 0.9)) for player in players]

    def training_step(self, batch: list[Tensor], batch_idx: int) -> None:
        """One step of each player."""
        (real,) = batch
        optimisers: Any = self.optimizers()
        for_generator, for_discriminator = optimisers
        fake = self.generator(torch.randn(len(real), 4, device=self.device))
        for_discriminator.zero_grad()
        self.manual_backward(hinge_discriminator_loss(self.discriminator(real), self.discriminator(fake.detach())))
        for_discriminator.step()
        for_generator.zero_grad()
        self.manual_backward(hinge_generator_loss(self.discriminator(fake)))
        for_generator.step()


# --8<-- [start:resumable]
class Resumable(lightning.Callback):
    """Restores before the first step, saves every so many steps, and stops after the last one."""

    def __init__(self, folder: Path, order: DataOrder, steps: int, every: int = 10) -> None:
        self.folder, self.order, self.steps, self.every = folder, order, steps, every
        self.step = 0

    def on_train_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Restore, now that the optimisers exist."""
        optimisers = {f"optimiser {number}": each for number, each in enumerate(trainer.optimizers)}
        self.bundle = Bundle(self.folder, {"players": pl_module, "order": self.order, **optimisers})
        self.step = self.bundle.restore() or 0
        trainer.should_stop = self.step >= self.steps

    def on_train_batch_end(self, trainer: lightning.Trainer, *_: Any) -> None:
        """Save when it is due."""
        self.step += 1
        if self.step % self.every == 0 or self.step == self.steps:
            self.bundle.save(self.step)
        trainer.should_stop = self.step >= self.steps


# --8<-- [end:resumable]
def train(folder: Path, steps: int) -> nn.Module:
    """Train to the end, from wherever the folder's checkpoints stand. Returns: the generator."""
    lightning.seed_everything(0, verbose=False)
    points = TensorDataset(ring())
    order = DataOrder(len(points), seed=0)
    loader = DataLoader(points, batch_size=64, sampler=order)
    players = RingGAN()
    trainer = lightning.Trainer(
        accelerator="cpu",
        max_epochs=-1,
        callbacks=[Resumable(folder, order, steps)],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(players, order.over(loader))
    return players.generator


if __name__ == "__main__":
    place = Path(sys.argv[1] if len(sys.argv) > 1 else "resumable-lightning")
    trained = train(place, int(sys.argv[2]) if len(sys.argv) > 2 else 2_000)
    total = sum(parameter.double().sum().item() for parameter in trained.parameters())
    print(f"The checkpoints are in {place}; the generator's weights add up to {total}")
