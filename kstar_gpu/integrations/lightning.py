"""k* of layers while a Lightning model is validated: scalars every time, a picture now and then.

    on_validation_epoch_start   hooks on the layers (networks.hooks)
    on_validation_batch_*       a row per sample of each layer --> a metric of its own
    on_validation_epoch_end     no hooks any more; the metrics of all processes are asked; logged

For `lightning` and `pytorch_lightning`, whichever are installed (extra `lightning`).
"""

import warnings
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any

import torch

from ..networks.batches import Keys, batches_of, check_keys, copy_of
from ..networks.hooks import LayerError, Recorder, recording
from ..networks.layer_names import all_names, checked_names, find_layers
from ..networks.masks import MaskFunction, TokenMasks, check_mask
from ..networks.pooling import Pool, check_globs, check_pool, pools_by_layer
from ..networks.scout import scout
from ..networks.unheard import as_written
from ..stats.distribution import KStarDistribution
from .lightning_libraries import Callback
from .repeated_samples import OwnSamples, validation_loaders
from .scalars import check_every, scalars_of, tagged
from .torchmetrics import KStar
from .trackers import check_trackers, log_picture

UNSEEN = (
    "may have its channels on any axis, and forward(inputs), which could tell, fails or runs it "
    "otherwise: pool='channels_first', 'channels_last', 'flatten' or a function is wanted"
)


class KStarCallback(Callback):
    """Logs how a model's layers hold the classes, whenever it is validated.

    Per layer, by the model's own `log`: ``kstar_mean/LAYER``, ``kstar_skewness/LAYER``,
    ``kstar_fractured/LAYER``, ``kstar_overlapped/LAYER``, ``kstar_clustered/LAYER``, as
    `KStar.scalars` has them; without ``/`` for the model itself (``""``). Callbacks such as
    EarlyStopping and ModelCheckpoint find them. Of several validation loaders each has its own:
    ``kstar_mean/LAYER/dataloader_idx_1``.

    What `validation_step` runs is heard by forward hooks, which are there during validation alone,
    and are gone after an exception, too. Nothing of the training changes. Features are kept on the
    host until the end of the epoch. Of several processes each keeps its own, and all are asked
    together. Samples that torch's DistributedSampler repeats, so that all processes have as many,
    are left out; those that another sampler, or a data set of one's own, repeats count again. A
    sanity check hears the layers, so that what is wrong is told at once, and logs nothing.

    Of a layer whose features have no distances (NaN, infinite, or zero under "cosine") nothing is
    logged in that epoch, a warning names both, and the training goes on; what watches a value finds
    that of the epoch before.

    Parameters
    ----------
    layers : sequence of str
        Names or globs, as for `kstar_gpu.activations`, of the LightningModule's modules. Each must
        run exactly once per batch.
    pool, mask, inputs, labels
        As for `kstar_gpu.activations`. Where shapes and modules do not tell which axis is which,
        half of the first batch is given to the model's `forward` to find out.
    class_names : sequence of str, or mapping from label to str, optional
        As for `KStar`.
    plot_every_n_epochs : int, optional
        Every how many epochs the picture of each layer is logged, to TensorBoard and W&B (there
        with a table of the classes); ``trainer.validate`` always does. By default never.
    options
        As for `KStar`: metric, backend, memory_limit, skewness, threshold.

    Raises
    ------
    TypeError, ValueError
        For arguments that are none, at once; for layers that the model does not have, when it is
        fitted or validated; where pictures are wanted and no logger is for them.
    LayerError
        A ValueError, at the end of a batch: as for `kstar_gpu.activations`.
    ImportError
        Where pictures are wanted, without matplotlib.

    Examples
    --------
    >>> import lightning
    >>> from kstar_gpu.integrations.lightning import KStarCallback
    >>> callback = KStarCallback(["encoder"], class_names=["ant", "bee", "cat"])
    >>> trainer = lightning.Trainer(callbacks=[callback], logger=False, enable_progress_bar=False)
    >>> logged = trainer.validate(module, loader, verbose=False)
    >>> "kstar_mean/encoder" in trainer.callback_metrics
    True
    """

    def __init__(
        self,
        layers: Sequence[str],
        *,
        pool: Pool = "auto",
        mask: MaskFunction | None = None,
        inputs: Keys = None,
        labels: str | int | None = None,
        class_names: Sequence[str] | Mapping[int, str] | None = None,
        plot_every_n_epochs: int | None = None,
        **options: Any,
    ) -> None:
        super().__init__()
        self.layers = checked_names(layers)
        check_pool(pool)
        check_keys(inputs, labels)
        check_mask(mask)
        check_every(plot_every_n_epochs)
        KStar(class_names, **options)  # which refuses what it does not take
        self.pool = pool
        self.mask = mask
        self.inputs = inputs
        self.labels = labels
        self.class_names = class_names
        self.plot_every_n_epochs = plot_every_n_epochs
        self.options = options
        self.metrics: dict[tuple[str, int], KStar] = {}  # by layer and loader
        self._hooks = ExitStack()

    def on_fit_start(self, trainer: Any, pl_module: Any) -> None:
        """See that there are such layers, and a place for pictures."""
        self._check(trainer, pl_module)

    def on_validation_epoch_start(self, trainer: Any, pl_module: Any) -> None:
        """Begin to hear the layers."""
        self._check(trainer, pl_module)
        self._hooks.close()
        modules = find_layers(pl_module, self.layers)
        pools = pools_by_layer(self.pool, modules)
        with ExitStack() as hooks:
            hooks.enter_context(as_written(pl_module))
            self.recorder: Recorder = hooks.enter_context(
                recording(pl_module, modules, pools, None, holds=True)
            )
            self._hooks = hooks.pop_all()
        self._own = [*map(OwnSamples, validation_loaders(trainer))]
        for key in self._keys(trainer):
            self.metrics.setdefault(key, KStar(self.class_names, **self.options)).reset()

    def on_validation_batch_start(
        self, trainer: Any, pl_module: Any, batch: Any, batch_idx: int, dataloader_idx: int = 0
    ) -> None:
        """Begin a batch; what of it is needed later is copied, since a step may write over it."""
        inputs, labels = next(batches_of([batch], self.inputs, self.labels))
        if batch_idx == 0:  # another loader's samples may have other shapes
            self.recorder.shapes.clear()
            self.recorder.layouts.clear()
        self.recorder.start(len(labels), TokenMasks(inputs, pl_module, self.mask))
        self._inputs = copy_of(inputs) if self.recorder.unsettled else None
        self._labels = labels.to("cpu", copy=True)

    def on_validation_batch_end(
        self,
        trainer: Any,
        pl_module: Any,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Take what the layers gave for a batch."""
        if self.recorder.open:
            self._settle(pl_module)
        rows, labels = self.recorder.rows(), self._labels
        taken = len(labels)
        if dataloader_idx < len(self._own):
            taken = self._own[dataloader_idx].among(taken)
        for layer, own in rows.items() if taken else ():
            self.metrics[layer, dataloader_idx].update(own[:taken], labels[:taken])

    def on_validation_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        """Hear nothing any more; log what was heard."""
        self._hooks.close()
        keys = self._keys(trainer)
        several = any(loader for _, loader in keys)
        for layer, loader in keys:
            metric = self.metrics[layer, loader]
            name = _name(layer, loader if several else None)
            if not trainer.sanity_checking:
                try:
                    result = metric.distribution_if_any()
                except ValueError as error:  # in all processes alike
                    if not _is_of_features(error):
                        raise
                    _tell(trainer, f"nothing of {name!r} is logged: {error}")
                else:
                    self._log(trainer, pl_module, result, name)
            metric.reset()

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        """Leave no hook behind."""
        self._hooks.close()

    def teardown(self, trainer: Any, pl_module: Any, stage: str) -> None:
        """Leave no hook behind."""
        self._hooks.close()

    def _settle(self, pl_module: Any) -> None:
        """Find out by `forward` which axis is which; where it does not tell, nothing is guessed."""
        recorder = self.recorder
        modules = {name: recorder.modules[name] for name in recorder.open}
        with recorder.muted(), torch.inference_mode(False), torch.no_grad():
            seen = scout(pl_module, self._inputs, recorder.samples, modules, None)
        unseen = [
            name
            for name, shape in recorder.open.items()
            if name not in seen or len(seen[name].shape) != len(shape)
        ]
        if unseen:
            raise LayerError(dict.fromkeys(unseen, UNSEEN))
        recorder.settle(seen)

    def _keys(self, trainer: Any) -> list[tuple[str, int]]:
        """Return each layer with each loader: the same in all processes."""
        sanity = trainer.sanity_checking
        counts = trainer.num_sanity_val_batches if sanity else trainer.num_val_batches
        loaders = len(counts) if isinstance(counts, list) else 1
        return [(layer, loader) for loader in range(loaders) for layer in self.recorder.modules]

    def _check(self, trainer: Any, pl_module: Any) -> None:
        find_layers(pl_module, self.layers)
        check_globs(self.pool, all_names(pl_module))
        if self.plot_every_n_epochs is None or trainer.fast_dev_run:
            return
        check_trackers(trainer.loggers)

    def _log(
        self, trainer: Any, pl_module: Any, result: KStarDistribution | None, name: str
    ) -> None:
        values = {tagged(scalar, name): value for scalar, value in scalars_of(result).items()}
        # The same in all processes already; of equal numbers the largest is each of them.
        how = {"sync_dist": True, "reduce_fx": "max", "add_dataloader_idx": False}
        pl_module.log_dict(values, on_epoch=True, **how)
        every = self.plot_every_n_epochs
        if every is None or result is None or not trainer.is_global_zero:
            return
        if trainer.state.fn == "fit" and (trainer.current_epoch + 1) % every:
            return
        for logger in trainer.loggers:
            log_picture(logger, result, trainer.global_step, name)


def _name(layer: str, loader: int | None) -> str:
    place = "" if loader is None else f"dataloader_idx_{loader}"
    return "/".join(filter(None, (layer, place)))


def _is_of_features(error: ValueError) -> bool:
    """Whether it is what a layer gave that has no distances: an error names its argument."""
    return "features: " in str(error)


def _tell(trainer: Any, message: str) -> None:
    if trainer.is_global_zero:
        told = f"KStarCallback: epoch {trainer.current_epoch}: {message}"
        warnings.warn(told, UserWarning, stacklevel=3)
