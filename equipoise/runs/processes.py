"""The processes of one run, as torchrun starts them: this one's rank, and what all must agree on.

What they say to each other beside the training (texts, states, whether to stop) goes through gloo on the CPU, so that
nothing waits for a GPU.
"""

import ipaddress
import json
import os
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor
from torch.distributed import PrefixStore, Store, TCPStore  # type: ignore[attr-defined]

from equipoise.common.errors import EquipoiseError, printable, shortened
from equipoise.common.machine import choose_device
from equipoise.experiments.difference import differences
from equipoise.runs.heartbeat import beat
from equipoise.training.state import Clock, State, load_state_tensors, state_tensors

_MEETING = timedelta(minutes=5)
"""How long the processes wait for each other at the start."""

_PATIENCE = timedelta(hours=24)
"""How long a process waits for another that is alive, as for an evaluation; the heartbeat notices the dead."""


@dataclass(frozen=True)
class Launch:
    """This process's place among those of the run, as torchrun tells it in the environment.

    Attributes:
        rank: from 0; process 0 alone writes files and evaluates.
        size: how many there are.
        local_rank: the rank among those of the same host.
        local_size: how many those are.
        restarts: how often torchrun has started the processes again.
    """

    rank: int
    size: int
    local_rank: int
    local_size: int
    restarts: int


@dataclass(frozen=True)
class Processes(Launch):
    """The processes of the run, in the eyes of this one.

    Attributes:
        device: where this process computes.
    """

    device: torch.device

    @property
    def is_first(self) -> bool:
        """Whether this process is the one that writes."""
        return self.rank == 0

    def share_text(self, find: Callable[[], str]) -> str:
        """The first process's result of `find`, in every process; only the first one calls it."""
        text = find() if self.is_first else ""
        return text if self.size == 1 else self._texts(text)[0]

    def must_agree(self, mine: Mapping[str, Any]) -> None:
        """Every process must have the same value: all compare, and all stop if one differs.

        Args:
            mine: JSON values by name, nested as they like.

        Raises:
            EquipoiseError: another process has other values; the first difference is named, in every process alike.
        """
        if self.size == 1:
            return
        every = [json.loads(text) for text in self._texts(json.dumps(mine))]
        for rank, theirs in enumerate(every):
            for name, (first, other) in list(differences(every[0], theirs).items())[:1]:
                self.wait_for_all()
                raise EquipoiseError(
                    f"process {rank} was given another {printable(name)} than process 0, {printable(other)} instead of "
                    f"{printable(first)}; start all with the same command, files and versions."
                )

    def _texts(self, mine: str) -> list[str]:
        """What each process has to say, in their order."""
        data = torch.tensor(list(mine.encode()), dtype=torch.uint8)  # frombuffer refuses an empty text
        lengths = [torch.tensor([0]) for _ in range(self.size)]
        dist.all_gather(lengths, torch.tensor([len(data)]), _control())
        longest = int(torch.cat(lengths).max())
        padded = [torch.empty(longest, dtype=torch.uint8) for _ in range(self.size)]
        dist.all_gather(padded, torch.nn.functional.pad(data, (0, longest - len(data))), _control())
        return [text[: int(length)].numpy().tobytes().decode() for text, length in zip(padded, lengths, strict=True)]

    def share_state(self, state: State) -> None:
        """Give every process the first one's state: only its host needs the checkpoint."""
        if self.size == 1:
            return
        tensors = {name: value.detach().cpu() for name, value in state_tensors(state).items()}
        described = json.loads(self.share_text(lambda: json.dumps(_describe(tensors, state.clock))))
        received = {}
        for name, shape, dtype in described["tensors"]:
            value = tensors[name].clone() if self.is_first else torch.empty(shape, dtype=getattr(torch, dtype))
            received[name] = _broadcast(value)
        if not self.is_first:
            load_state_tensors(state, received)
            state.clock = Clock(**described["clock"])

    def wait_for_all(self) -> None:
        """Go on when every process is here."""
        if self.size > 1:
            dist.barrier(_control())


@dataclass
class Agreement:
    """Whether the run should stop, so that every process stops after the same iteration.

    Each call tells the others this process's signal and learns what all had said at the call before; the message
    travels while the iteration in between is played.

    Attributes:
        processes: who takes part.
        signal_number: asks whether this process got a signal: its number, or None.
        agreed: the number that all have agreed on, 0 for none.
    """

    processes: Processes
    signal_number: Callable[[], int | None]
    agreed: int = 0
    _sent: tuple[Tensor, Any] | None = None

    def __call__(self) -> bool:
        """Whether to stop."""
        mine = self.signal_number() or 0
        if self.processes.size == 1:
            self.agreed = mine
            return self.agreed != 0
        self.close()
        number = torch.tensor([mine])
        self._sent = (number, dist.all_reduce(number, dist.ReduceOp.MAX, _control(), async_op=True))
        return self.agreed != 0

    def close(self) -> None:
        """Wait for the last message."""
        if self._sent is not None:
            number, work = self._sent
            work.wait()
            self.agreed, self._sent = int(number), None


_MEETING_PLACE = ("RANK", "MASTER_ADDR", "MASTER_PORT")
_NOT_SET = "is not set: start several processes by torchrun, or unset them all to train in one process."
_MOST_PORTS, _MOST_DIGITS = 65_535, 9

_groups: list[Any] = []


def _control() -> Any:
    """The group for what is not training."""
    return _groups[-1]


def launched(environment: Mapping[str, str]) -> Launch:
    """This process's place according to torchrun's variables; without them, the only process.

    Raises:
        EquipoiseError: some are missing, no whole numbers, or fit no run.
    """
    size, rank = _number(environment, "WORLD_SIZE", 1), _number(environment, "RANK", 0)
    local_size, local_rank = _number(environment, "LOCAL_WORLD_SIZE", size), _number(environment, "LOCAL_RANK", rank)
    restarts = _number(environment, "TORCHELASTIC_RESTART_COUNT", 0)
    missing = [name for name in _MEETING_PLACE if not environment.get(name)] if size > 1 else []
    if missing:
        raise EquipoiseError(f"WORLD_SIZE is {size}, and {missing[0]} {_NOT_SET}")
    if "RANK" in environment and "WORLD_SIZE" not in environment and rank > 0:
        raise EquipoiseError(f"RANK is {rank}, and WORLD_SIZE {_NOT_SET}")
    if size > 1 and not 1 <= _number(environment, "MASTER_PORT", 0) <= _MOST_PORTS:
        raise EquipoiseError(f"MASTER_PORT must lie in 1..{_MOST_PORTS}, got {environment['MASTER_PORT']}.")
    if not (rank < size and 1 <= local_size <= size and local_rank < local_size):
        raise EquipoiseError(
            f"torchrun's variables do not fit together: RANK {rank} of WORLD_SIZE {size}, LOCAL_RANK {local_rank} of "
            f"LOCAL_WORLD_SIZE {local_size}; start it by torchrun, or unset them to train in one process."
        )
    return Launch(rank, size, local_rank, local_size, restarts)


def _number(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS):
        raise EquipoiseError(f"{name} must be a whole number, as torchrun sets it, got '{shortened(text)}'; unset it.")
    return int(text)


@contextmanager
def joined(device_name: str) -> Iterator[Processes]:
    """Join the other processes of the run according to torchrun's variables; without them, run alone.

    Raises:
        EquipoiseError: the variables are not a whole set as torchrun's are; or within, another process ended or was cut
            off.
    """
    launch, device = launched(os.environ), choose_device(device_name)
    rank, size, restarts = launch.rank, launch.size, launch.restarts
    if size == 1:
        with _current(device):
            yield Processes(**asdict(launch), device=device)
        return
    nccl = _has_gpu_of_its_own(device, launch.local_size)
    device = _own_device(device, launch.local_rank)
    if launch.local_size == size:
        loopback = next((name for _, name in socket.if_nameindex() if name.startswith("lo")), "lo")
        os.environ.setdefault("GLOO_SOCKET_IFNAME", loopback)  # an interface that no other host can reach
    try:
        with _current(device):
            store = _common_store(rank, restarts)
            backend = "nccl" if nccl else "gloo"
            dist.init_process_group(backend, timeout=_PATIENCE, store=store, rank=rank, world_size=size)
            _groups.append(dist.new_group(backend="gloo", timeout=_PATIENCE))
            with beat(rank, size, restarts):
                yield Processes(**asdict(launch), device=device)
                dist.barrier(_groups[-1])
            dist.destroy_process_group()
    except RuntimeError as error:
        if not _is_about_processes(error):
            raise
        advice = "if it printed no reason, it was killed; resume under torchrun, or use --max-restarts"
        raise EquipoiseError(f"process {rank} of {size} lost another process of this run; {advice}.") from error
    finally:
        _groups.clear()


def _common_store(rank: int, restarts: int) -> Store:
    """Where the processes find each other. Each start has names of its own: torchrun keeps its store over restarts."""
    hosts = rank == 0 and os.environ.get("TORCHELASTIC_USE_AGENT_STORE") != "True"
    address, port = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
    try:
        own = _listen_on_loopback(address, port) if hosts else None
    except OSError as error:
        raise EquipoiseError(
            f"the processes cannot connect at {printable(address)}, port {port}: {error.strerror or error}; start "
            "them by torchrun, which chooses a free place."
        ) from error
    store = TCPStore(
        address, port, None, hosts, _MEETING, wait_for_workers=False, multi_tenant=own is None, master_listen_fd=own
    )
    return PrefixStore(f"equipoise/start/{restarts}", store)


def _listen_on_loopback(address: str, port: int) -> int | None:
    """A listening socket for a meeting on this host alone; None where others are to come, and all may knock."""
    found = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0]
    if not ipaddress.ip_address(found[4][0]).is_loopback:
        return None
    return socket.create_server(found[4][:2], family=found[0]).detach()


def _has_gpu_of_its_own(device: torch.device, local_size: int) -> bool:
    """Whether each process of this host can have one: NCCL refuses two on one GPU."""
    if device.type != "cuda" or local_size > torch.cuda.device_count():
        return False
    return local_size == 1 or device.index is None


def _own_device(device: torch.device, local_rank: int) -> torch.device:
    if device.type != "cuda" or ":" in str(device):
        return device
    return torch.device("cuda", local_rank % torch.cuda.device_count())


def _current(device: torch.device) -> AbstractContextManager[object]:
    """Inside this context a GPU with a number is the current one, for streams and NCCL; the caller's comes back."""
    return torch.cuda.device(device) if device.type == "cuda" and device.index is not None else nullcontext()


def _is_about_processes(error: RuntimeError) -> bool:
    words = ("gloo", "nccl", "connection", "socket", "store")
    return isinstance(error, dist.DistError) or any(word in str(error).lower() for word in words)


def _describe(tensors: dict[str, Tensor], clock: Clock) -> dict[str, Any]:
    rows = [(name, list(value.shape), str(value.dtype).removeprefix("torch.")) for name, value in tensors.items()]
    return {"tensors": rows, "clock": asdict(clock)}


def _broadcast(value: Tensor) -> Tensor:
    """0-dimensional tensors travel as one entry."""
    flat = value.contiguous().reshape(-1)
    if flat.numel():
        dist.broadcast(flat, 0, _control())
    return flat.reshape(value.shape)
