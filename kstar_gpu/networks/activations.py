"""Activations of named layers: from a network and a data loader to features and labels."""

import os
from collections.abc import Iterable, Sequence
from contextlib import closing
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from ..known import Known
from ..progress import each
from .batches import Keys, batches_of, call, check_loader, copy_of, count_batches
from .feature_store import MemoryStore, Spill, read_spill
from .hooks import Recorder, recording
from .layer_names import all_names, find_layers
from .masks import MaskFunction, TokenMasks, check_mask
from .model_state import check_dtype, ready_to_run
from .pooling import Pool, check_globs, check_pool, describe_pool, pools_by_layer
from .scout import scout
from .unheard import as_written


class Activations(NamedTuple):
    """What the layers gave for N samples, on the CPU.

    Attributes
    ----------
    features : dict from a layer's name to its (N, d) tensor
        (N, ...) with a pool that leaves more. A wrong name is a KeyError that says what there is.
    labels : (N,) tensor

    Examples
    --------
    >>> features, labels = activations(model, loader, ["encoder", "head"])
    >>> {layer: tuple(values.shape) for layer, values in features.items()}
    {'encoder': (60, 8), 'head': (60, 3)}
    """

    features: dict[str, Tensor]
    labels: Tensor


def activations(
    model: nn.Module,
    loader: Iterable[Any],
    layers: Sequence[str],
    *,
    pool: Pool = "auto",
    mask: MaskFunction | None = None,
    inputs: Keys = None,
    labels: str | int | None = None,
    dtype: torch.dtype | None = None,
    device: str | torch.device | None = None,
    amp: bool = False,
    spill: str | os.PathLike[str] | None = None,
    progress: bool | None = None,
) -> Activations:
    """Run a model over a loader once and return what the named layers gave.

    The model runs in evaluation mode and without gradients. Each output is pooled inside the
    layer's hook, so that no full feature map outlives its batch. Afterwards, and after an exception
    too, every module's training flag and device are as they were and no hook is left behind.

    Parameters
    ----------
    model : torch.nn.Module
    loader : iterable of (inputs, labels)
        Such as a `torch.utils.data.DataLoader`: per batch a tensor of B inputs, or a mapping of
        them that the model takes by name, and a tensor of B labels. More may follow, such as paths,
        if it is no other vector. A batch may also be one mapping, as in Hugging Face's data sets,
        with its labels as "labels" or "label". The order is kept.
    layers : sequence of str
        Names from ``model.named_modules()``, or globs such as ``"layer*.?"``, in which a star does
        not reach beyond a dot; ``""`` is the model itself. Wrappers (DataParallel, torch.compile)
        are looked through. Each layer must run exactly once per batch and give a row per sample: a
        tensor, or a tuple, list or mapping whose first tensor is taken; packed sequences and nested
        tensors, too.
    pool : str, callable, or mapping from names or globs of layers to such
        How a sample becomes a vector. "auto": the mean over all places of maps, and over the tokens
        of sequences that count; vectors as they are. "mean": the same, and vectors are refused.
        "cls": the first token. "flatten": all numbers. A function is given the output as it is.
        Which axis is the batch and which holds the channels is found out: see Notes. If that
        cannot be, the layer is refused, and the layout wants to be stated: "channels_first"
        (B, C, ...), "channels_last" (B, ..., C), "sequence_first" (T, B, D) are "auto" for these;
        "mean_last" is "mean" for channels that come last. Of a mapping, a layer takes what its name
        says, else the first glob that fits, else "auto".
    mask : callable, optional
        From a mask (B, T) that says which tokens count, and another length, to a mask of that
        length: for layers whose sequences are of another length than ``attention_mask`` (or
        ``key_padding_mask``) in the inputs, and for maps, of as many places. Without it such layers
        are refused where the mask leaves something out, unless the model itself knows, as speech
        encoders of transformers do (``_get_feature_vector_attention_mask``).
    inputs : str, int, or sequence of str, optional
        Which entry of a batch the model is given, or, by their names, which of them; by default the
        first of a tuple, and all of a mapping but the labels.
    labels : str or int, optional
        Which entry of a batch holds the labels.
    dtype : torch.dtype, optional
        What the features are kept in; by default what the layer gave.
    device : str or torch.device, optional
        Where the model runs; by default where its parameters are.
    amp : bool
        Run in mixed precision (`torch.autocast`).
    spill : path, optional
        Write the features to files in this directory as they come, and return them mapped into
        memory, so that layers of any number and size need no memory of their own (bfloat16 becomes
        float32 there). `read_activations` reads the directory again. What an earlier spill left in
        it is replaced, and nothing else.
    progress : bool, optional
        Show a progress bar; by default as in `kstar_gpu.kstar`.

    Returns
    -------
    Activations
        ``features[name]`` of shape (N, ...) and ``labels`` (N,), on the CPU. Globs are replaced by
        the names they stand for, in the model's order.

    Raises
    ------
    TypeError
        If `model` is no module, `layers` no sequence of names, `loader` no iterable of batches.
    LayerError
        A ValueError: if layers did not run, ran more than once in a batch, or gave no tensor, or
        other than one row per sample and one shape throughout; if the pool does not fit them, or
        their layout or the tokens that count cannot be known; for parts of what torch.jit has
        traced or scripted, which take no hooks.
    ValueError
        If `layers` names none, or none that the model has; if the loader is empty or its batches
        are of another form; for a model in float16 on the CPU; if a file that is to be spilled has
        the name of one in the directory that no spill has left there.
    OSError
        If the disk is full; what was written stays readable.

    Notes
    -----
    The batch is the axis that is as long as the batch; where that fits two, or another one than the
    first, what torch's recurrent and attention modules say counts (``batch_first``). The channels
    are where the numbers of convolutions, norms, and linear maps in the module fit one axis alone.
    Where that leaves anything open, half of the first batch is run once more to see which axis
    becomes shorter, and where operations put batch and channels (convolutions second, linear maps
    last, and so on through `permute` and `reshape`); then that batch is run again. Where nothing
    has moved an axis, torch's convention holds: maps (B, C, ...), sequences (B, T, D).

    Modules compiled by torch.compile run as they were written, since hooks in them are not heard.

    Features are what torch gives for these batches, in memory and on disk alike. Batches of another
    size, another number of threads or another processor can move their last bit, and with it the
    k* of samples whose neighbours nearly tie. The k* of given features depend on none of these.

    Examples
    --------
    >>> found = activations(model, loader, ["encoder", "head"])
    >>> found.features["encoder"].shape
    torch.Size([60, 8])
    >>> kstar_distribution(found.features["head"], found.labels).class_names
    ('0', '1', '2')
    """
    check_pool(pool)
    check_dtype(dtype)
    check_loader(loader)
    check_mask(mask)
    modules = find_layers(model, layers)
    check_globs(pool, all_names(model))
    store: MemoryStore | Spill = MemoryStore([*modules])
    if spill is not None:
        settings = {
            "model": type(model).__name__,
            "pool": describe_pool(pool),
            "dtype": str(dtype),
            "amp": amp,
            "inputs": inputs,
            "labels": labels,
        }
        store = Spill(spill, [*modules], settings, count_batches(loader))
    with (
        closing(store),
        ready_to_run(model, device, amp) as running_on,
        as_written(model),
        recording(model, modules, pools_by_layer(pool, modules), dtype) as recorder,
    ):
        batches = each(loader, progress, "activations", "batch")
        for given, classes in batches_of(batches, inputs, labels):
            _record(recorder, model, given, len(classes), running_on, mask)
            store.append(recorder.rows(), classes.cpu())
        if not store.labels:
            raise ValueError("loader is empty: it gave no batch")
        return Activations(*store.finish())


def _record(
    recorder: Recorder,
    model: nn.Module,
    inputs: Any,
    samples: int,
    device: torch.device | None,
    mask: MaskFunction | None,
) -> None:
    """Run one batch; the first one again, if the layout of some layer had to be found out."""
    masks = TokenMasks(inputs, model, mask)
    again = copy_of(inputs) if recorder.unsettled else inputs  # models may work in place on them
    recorder.start(samples, masks)
    call(model, inputs, device)
    if recorder.open:
        modules = {name: recorder.modules[name] for name in recorder.open}
        with recorder.muted():
            recorder.settle(scout(model, again, samples, modules, device))
        recorder.start(samples, masks)
        call(model, again, device)


def read_activations(directory: str | os.PathLike[str]) -> Activations:
    """Return what `activations` has spilled into a directory, mapped into memory.

    All of it is read once, and compared with the sums that were kept of it.

    Parameters
    ----------
    directory : path
        What `activations` was given as `spill`.

    Raises
    ------
    ValueError
        If the directory holds no finished spill, or a file of it is damaged, or of a version
        before, which kept no sums; with the name of that file.

    Examples
    --------
    >>> found = activations(model, loader, ["head"], spill="features")
    >>> read_activations("features").features["head"].shape
    torch.Size([60, 3])
    """
    found = read_spill(directory)
    return Activations(Known(found.features), found.labels)
