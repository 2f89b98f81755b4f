"""The ranks of a torch.distributed group, who find together what none of them has alone.

For each call they have connections of their own. Who fails hangs up, and so do those who hear of
it: then all of them end at once, whatever each was waiting for, and the group that was given is
left as it was.
"""

import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from io import BytesIO
from types import TracebackType
from typing import Any, TypeVar
from uuid import uuid4

import torch
import torch.distributed as dist
from torch import Tensor
from torch.distributed import distributed_c10d

from ...exhausted_memory import as_memory_error, is_exhausted

T = TypeVar("T")

# Who is waited for computes, or has hung up. Only a host that vanishes does neither.
PATIENCE = timedelta(days=1)
SAME_KIND = (ValueError, TypeError)  # on all ranks; of other errors the others get a RuntimeError
FAILED = "failed"  # in the store: which rank, and why


class Ranks:
    """The ranks of a group, numbered within it. Within a `with` they hear of one another.

    Parameters
    ----------
    group : torch.distributed.ProcessGroup, or None for that of all ranks
    """

    def __init__(self, group: Any) -> None:
        if not dist.is_available() or not dist.is_initialized():
            raise ValueError("group: torch.distributed.init_process_group comes first")
        self.group: Any = dist.group.WORLD if group is None else group
        self.rank, self.size = dist.get_rank(self.group), dist.get_world_size(self.group)
        if self.rank < 0:
            raise ValueError("group: one that this rank belongs to is wanted")
        if not dist.is_gloo_available():
            raise ValueError("group: a torch that has gloo is wanted, whatever the group's backend")
        nccl = dist.get_backend(self.group) == "nccl"
        self.device = torch.device("cuda", torch.cuda.current_device()) if nccl else None
        self._told: BaseException | None = None  # an error that all ranks get

    def __enter__(self) -> "Ranks":
        """Connect with the others."""
        name = [uuid4().hex if self.rank == 0 else None]
        dist.broadcast_object_list(name, dist.get_global_rank(self.group, 0), self.group)
        every = distributed_c10d._get_default_store()
        self._store = distributed_c10d.PrefixStore(f"kstar_gpu/{name[0]}", every)
        self._line: Any = dist.ProcessGroupGloo(self._store, self.rank, self.size, PATIENCE)
        self._begun: list[list[Any]] = []  # exchanges
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Hang up; the others go on to their ends, or fail if this rank has failed alone."""
        alone = error is not self._told
        failure = error
        if alone and isinstance(error, RuntimeError) and is_exhausted(error):
            failure = MemoryError(str(error))
        if failure is None:
            self._meet()
        elif alone:
            with suppress(RuntimeError):  # the store may be gone
                self._store.set(FAILED, f"rank {self.rank}: {_named(failure)}")
        for works in self._begun:
            works.clear()  # which would keep the connections
        self._line = None
        if failure is not error and failure is not None:
            raise failure from None

    def gather(self, mine: T) -> list[T]:
        """Return what each rank brings."""
        packed = BytesIO()
        pickle.dump(mine, packed)
        size = packed.tell()
        sizes = [int(each) for each in self._gathered(torch.tensor([size], device="cpu"))]
        packed.write(bytes(max(sizes) - size))
        padded = torch.frombuffer(packed.getbuffer(), dtype=torch.uint8)
        every = zip(self._gathered(padded), sizes, strict=True)
        return [pickle.loads(each[:size].numpy().data) for each, size in every]

    def agreed(self, compute: Callable[[], T], where: str) -> T:
        """Return what is computed here, if no rank fails; else all of them do, with one error."""
        failure: Exception | None = None
        try:
            with as_memory_error():
                result = compute()
        except Exception as error:
            failure = error
        told = None
        if failure is not None:
            kind = next((kind for kind in SAME_KIND if isinstance(failure, kind)), None)
            told = (kind, str(failure) if kind is not None else _named(failure))
        failures = self.gather(told)
        failed = next((rank for rank, each in enumerate(failures) if each is not None), None)
        if failed is None:
            return result
        self._meet()  # before any hangs up, for all have to hear of it
        kind, message = failures[failed] or (None, "")
        if failure is not None and (failed == self.rank and kind is None):
            self._told = failure
            raise failure
        self._told = (kind or RuntimeError)(f"rank {failed} ({where}): {message}")
        raise self._told from failure

    def exchange(self, sent: list[Tensor], to: int, wanted: list[Tensor], source: int) -> None:
        """Send to one rank what it waits for, and fill what another one sends."""
        self.begin(sent, to, wanted, source)()

    def begin(
        self, sent: list[Tensor], to: int, wanted: list[Tensor], source: int
    ) -> Callable[[], None]:
        """Begin such an exchange; return how to wait for its end. In the same order on all."""
        if self.device is not None:
            return self._begin_by_nccl(sent, to, wanted, source)
        with self._heard():
            works = [self._line.send([each], to, 0) for each in sent]
            works += [self._line.recv([each], source, 0) for each in wanted]
        return self._wait_for(works)

    def swap(self, parts: list[Tensor], counts: list[int]) -> list[Tensor]:
        """Send each rank its part, and return those that come from each, of so many entries."""
        shape, dtype = parts[0].shape[1:], parts[0].dtype
        came = [torch.empty((count, *shape), dtype=dtype, device="cpu") for count in counts]
        came[self.rank] = parts[self.rank]
        for step in range(1, self.size):
            to, source = (self.rank + step) % self.size, (self.rank - step) % self.size
            sent, wanted = parts[to], came[source]
            self.exchange([sent][: len(sent)], to, [wanted][: len(wanted)], source)
        return came

    def _begin_by_nccl(
        self, sent: list[Tensor], to: int, wanted: list[Tensor], source: int
    ) -> Callable[[], None]:
        buffers = [each.to(self.device) for each in wanted]
        ops = [self._op(dist.isend, each.to(self.device), to) for each in sent]
        ops += [self._op(dist.irecv, each, source) for each in buffers]
        with self._heard():
            come = self._wait_for(dist.batch_isend_irecv(ops) if ops else [])

        def arrive() -> None:
            come()
            ops.clear()  # till now they have kept what is sent
            for each, buffer in zip(wanted, buffers, strict=True):
                each.copy_(buffer)

        return arrive

    def _wait_for(self, works: list[Any]) -> Callable[[], None]:
        """Return how to wait for these; they are let go of when this rank hangs up."""
        self._begun.append(works)

        def arrive() -> None:
            with self._heard():
                while works:
                    works.pop().wait()
            self._begun = [others for others in self._begun if others is not works]

        return arrive

    def _op(self, how: Any, tensor: Tensor, rank: int) -> dist.P2POp:
        return dist.P2POp(how, tensor, dist.get_global_rank(self.group, rank), self.group)

    def _gathered(self, tensor: Tensor) -> list[Tensor]:
        every = [torch.empty_like(tensor) for _ in range(self.size)]
        with self._heard():
            self._line.allgather([every], [tensor]).wait()
        return every

    def _meet(self) -> None:
        """Wait until all are here; one that has hung up needed nobody any more."""
        with suppress(RuntimeError):
            self._line.barrier().wait()

    @contextmanager
    def _heard(self) -> Iterator[None]:
        """Say who has failed, where a connection was closed."""
        try:
            yield
        except RuntimeError as error:
            why = f"a rank has ended, or is out of reach: {error}"
            with suppress(RuntimeError):
                if self._store.check([FAILED]):
                    why = self._store.get(FAILED).decode()
            self._told = RuntimeError(why)
            raise self._told from error


def _named(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
