"""What a step knows of the visit: where its records go, how long it has, and the device."""

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from visit import journal

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Visit:
    """One step's view of the visit."""

    step: str
    folder: Path
    seconds: float
    rehearse: bool
    started: float = field(default_factory=time.monotonic)

    def record(self, what: str, **fields: Any) -> None:
        """Keep something that was seen; tell it, too."""
        journal.append(self.folder, self.step, journal.RECORD, {"what": what, **fields})
        print(what, fields, flush=True)

    def left(self) -> float:
        """Return the seconds that this step still has; in a rehearsal there is no hurry."""
        left = self.seconds - (time.monotonic() - self.started)
        return max(left, 1e3) if self.rehearse else left

    def device(self) -> "torch.device":
        """Return the GPU; in a rehearsal the CPU, on which the CUDA engine's kernels run then."""
        import torch

        if self.rehearse:
            import pytest
            from helpers.cuda_on_host import install

            install(pytest.MonkeyPatch())  # for as long as this process lives
            return torch.device("cpu")
        if not torch.cuda.is_available():
            raise SystemExit(f"torch {torch.__version__} sees no CUDA device on this machine")
        return torch.device("cuda", torch.cuda.current_device())

    def without_device(self, *commands: list[str]) -> None:
        """Keep the commands that a rehearsal cannot run."""
        for command in commands:
            self.record("rehearsed", command=command, why="no device")
