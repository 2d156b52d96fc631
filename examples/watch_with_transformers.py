"""Watch a network that the Trainer of Transformers trains against a discriminator inside `compute_loss`.

Run it:  pip install 'equipoise[transformers]' && python examples/watch_with_transformers.py [steps]
"""

import sys
import tempfile
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss, softplus
from torch.utils.data import Dataset
from transformers import Trainer, TrainingArguments

from equipoise.integrations.transformers import MonitorCallback
from equipoise.monitor import BalanceMonitor, HealthMonitor, Monitor


class Points(Dataset[dict[str, Tensor]]):
    """Points of a plane, to be sent through a bottleneck."""

    points = torch.randn(1_024, 2, generator=torch.Generator().manual_seed(0)) / 10 + 1

    def __len__(self) -> int:
        return len(self.points)

    def __getitem__(self, place: int) -> dict[str, Tensor]:
        return {"points": self.points[place]}


class AdversarialTrainer(Trainer):
    """Reconstruction and an adversarial loss; the discriminator has an optimiser of its own."""

    def __init__(self, discriminator_rate: float, callback: MonitorCallback, **options: Any):
        super().__init__(callbacks=[callback], **options)
        self.callback = callback
        self.discriminator = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 1)).to(self.args.device)
        self.discriminator_optimiser = torch.optim.Adam(self.discriminator.parameters(), discriminator_rate)

    def compute_loss(self, model: nn.Module, inputs: dict[str, Tensor], **options: Any) -> Tensor:
        """The discriminator's step, then the generator's loss."""
        real, fake = inputs["points"], model(inputs["points"])
        real_scores, fake_scores = self.discriminator(real), self.discriminator(fake.detach())
        discriminator_loss = softplus(-real_scores).mean() + softplus(fake_scores).mean()
        self.discriminator_optimiser.zero_grad()
        discriminator_loss.backward()
        self.discriminator_optimiser.step()

        generator_loss = mse_loss(fake, real) + 0.1 * softplus(-self.discriminator(fake)).mean()
        losses = {"generator": generator_loss, "discriminator": discriminator_loss}
        self.callback.note(real_scores=real_scores, fake_scores=fake_scores, losses=losses)
        return generator_loss


def train(folder: str, steps: int, discriminator_rate: float = 1e-3, resume: bool = False) -> AdversarialTrainer:
    """Train until the end, or until an alarm stops it."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 1), nn.Linear(1, 2))
    callback = MonitorCallback(Monitor(BalanceMonitor(window=20), HealthMonitor()), on_alarm="stop")
    arguments = TrainingArguments(
        folder,
        max_steps=steps,
        per_device_train_batch_size=32,
        save_steps=100,
        logging_steps=100,
        learning_rate=1e-3,
        report_to=[],
        use_cpu=True,
        disable_tqdm=True,
        remove_unused_columns=False,
    )
    trainer = AdversarialTrainer(discriminator_rate, callback, model=model, args=arguments, train_dataset=Points())
    trainer.train(resume_from_checkpoint=resume)
    return trainer


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        trainer = train(folder, int(sys.argv[1]) if len(sys.argv) > 1 else 1_000, discriminator_rate=0.05)
        print(f"Ended after {trainer.state.global_step} steps.")
