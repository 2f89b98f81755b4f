"""The samples of all processes, asked together where a metric of torchmetrics would gather them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from .all_processes import AllProcesses
from .kept_samples import KeptSamples


class AskedTogether(KeptSamples):
    """Kept samples that stay in their processes, unless they have to be gathered.

    Attributes
    ----------
    together : AllProcesses, or None
        The samples of all processes, while they are asked.
    options : dict
        Of `kstar_gpu.kstar_distribution`; a memory limit among them needs the samples gathered.
    """

    options: dict[str, Any]

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.together: AllProcesses | None = None

    @contextmanager
    def sync_context(
        self,
        dist_sync_fn: Callable[..., Any] | None = None,
        process_group: Any = None,
        should_sync: bool = True,
        should_unsync: bool = True,
        distributed_available: Callable[[], bool] | None = None,
    ) -> Iterator[None]:
        """Ask the samples of all processes together for a while; where they stay, if they may."""
        available = distributed_available or self.distributed_available_fn
        stay = should_sync and should_unsync and dist_sync_fn is None and not self._is_synced
        if not stay or "memory_limit" in self.options or not (available and available()):
            with super().sync_context(
                dist_sync_fn, process_group, should_sync, should_unsync, distributed_available
            ):
                yield
            return
        self.together = AllProcesses(process_group or self.process_group, *self.samples())
        try:
            yield
        finally:
            self.together = None

    @contextmanager
    def _of_all_processes(self) -> Iterator[None]:
        """Hold the samples of all processes, if that is wanted and not so already."""
        own = not self._is_synced
        with self.sync_context(
            self.dist_sync_fn,
            self.process_group,
            should_sync=self.sync_on_compute and own,
            should_unsync=own,
        ):
            yield
