"""One of two ranks that normalise a batch: python -m tests.networks.rank RANK STORE RESULT."""

import sys

import torch
from safetensors.torch import save_file
from torch import distributed

from equipoise.networks.normalisation import BatchNorm


def main(rank: int, store: str, result: str) -> None:
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", init_method=f"file://{store}", rank=rank, world_size=2)
    values = torch.randn(8, 3, 2, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    mine = values.chunk(2)[rank].clone().requires_grad_()
    layer = BatchNorm(3).double()
    output = layer(mine)
    # Each rank's own term of one loss over the whole batch; the gradient must count the other rank's term too.
    loss = (output**3).sum()
    (gradient,) = torch.autograd.grad(loss, mine)
    if rank == 0:
        save_file({"output": output.detach(), "gradient": gradient, **layer.state_dict()}, result)
    distributed.barrier()
    distributed.destroy_process_group()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3])
