"""The callback: what it logs, of one process and of two, and that a training is left as it is."""

import csv
import re
import warnings

import numpy as np
import pytest
import torch

pytest.importorskip("torchmetrics")
pytest.importorskip("lightning", reason="lightning: pip install lightning")
pytest.importorskip("pytorch_lightning", reason="pytorch_lightning: pip install pytorch-lightning")

import lightning
import pytorch_lightning
from helpers.watched_net import NETS, Diverging, Failing, Unclear

from kstar_gpu import LayerError, kstar_distribution
from kstar_gpu.integrations.lightning import KStarCallback
from kstar_gpu.integrations.scalars import scalars_of

LIBRARIES = {"lightning": lightning, "pytorch_lightning": pytorch_lightning}
QUIET = dict(
    accelerator="cpu",
    logger=False,
    enable_checkpointing=False,
    enable_progress_bar=False,
    enable_model_summary=False,
)


@pytest.fixture
def samples(rng):
    labels = np.repeat(np.arange(3), 8)
    features = (rng.standard_normal((24, 5)) + labels[:, None]).astype(np.float32)
    return torch.from_numpy(features), torch.from_numpy(labels)


def trainer(callback, library=lightning, **options):
    settings = {"max_epochs": 1, "limit_train_batches": 2, **QUIET, **options}
    return library.Trainer(callbacks=[callback], **settings)


def wanted(samples, layer, **options):
    """Return scalars as they are logged: in float32, which is near them."""
    found = scalars_of(kstar_distribution(*samples, **options))
    return {f"{scalar}/{layer}": pytest.approx(value, abs=1e-6) for scalar, value in found.items()}


def logged(used):
    return {name: value.item() for name, value in used.callback_metrics.items()}


def hooks(net):
    return sum(len(module._forward_hooks) for module in net.modules())


@pytest.mark.parametrize("library", LIBRARIES)
def test_scalars_of_each_layer_are_logged(samples, library):
    net = NETS[library](*samples)
    used = trainer(KStarCallback(["same", "maps"]), LIBRARIES[library])
    used.fit(net)
    # The one channel of `maps` is the mean of a sample's numbers.
    means = (samples[0].mean(1, keepdim=True), samples[1])
    assert logged(used) == {**wanted(samples, "same"), **wanted(means, "maps")}
    assert net.heard == [0, 0]
    assert hooks(net) == 0


def test_samples_of_all_processes_are_asked_together(samples):
    net = NETS["lightning"](*samples)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        used = trainer(KStarCallback(["same"]), devices=2, strategy="ddp_spawn")
        used.fit(net)
    assert logged(used) == wanted(samples, "same")


def test_samples_that_a_sampler_repeats_count_once(samples):
    fewer = samples[0][:-1], samples[1][:-1]  # 23: one of two processes is given one again
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        used = trainer(KStarCallback(["same"]), devices=2, strategy="ddp_spawn")
        used.fit(NETS["lightning"](*fewer))
    assert logged(used) == wanted(fewer, "same")
    twice = [torch.cat([part, part[:1]]) for part in fewer]
    assert wanted(fewer, "same") != wanted(twice, "same")


NOTHING = r"KStarCallback: epoch {}: nothing of 'same' is logged: .*finite numbers are wanted"


def test_a_training_goes_on_without_what_is_not_finite(samples, tmp_path):
    logger = lightning.pytorch.loggers.CSVLogger(tmp_path)
    used = trainer(KStarCallback(["same"]), max_epochs=4, logger=logger)
    with pytest.warns(UserWarning, match=NOTHING.format(1)) as caught:
        used.fit(Diverging(*samples))
    assert len([one for one in caught if re.match(NOTHING.format(2), str(one.message))]) == 1
    assert len([one for one in caught if "KStarCallback" in str(one.message)]) == 2
    with open(tmp_path / "lightning_logs" / "version_0" / "metrics.csv", newline="") as file:
        epochs = [row["epoch"] for row in csv.DictReader(file) if row.get("kstar_mean/same")]
    assert epochs == ["0", "3"]
    assert logged(used) == wanted(samples, "same")


def test_what_is_not_finite_in_one_process_ends_none(samples):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        used = trainer(KStarCallback(["same"]), devices=2, strategy="ddp_spawn", max_epochs=2)
        used.fit(Diverging(*samples))
    assert logged(used) == wanted(samples, "same")  # of epoch 0


def test_a_training_goes_on_without_rows_that_have_no_cosine(samples):
    features = samples[0].clone()
    features[3] = 0
    used = trainer(KStarCallback(["same"], metric="cosine"))
    with pytest.warns(UserWarning, match="nothing of 'same' is logged: .* no row may be zero"):
        used.fit(NETS["lightning"](features, samples[1]))
    assert not {key for key in used.callback_metrics if "kstar" in key}


def test_options_that_cannot_be_honoured_end_it(samples):
    with pytest.raises(ValueError, match="memory_limit: at least"):
        trainer(KStarCallback(["same"], memory_limit=1)).fit(NETS["lightning"](*samples))


def test_training_goes_as_without_it(samples):
    after = []
    for callbacks in ([], [KStarCallback(["same", "layer"])]):
        lightning.seed_everything(0, verbose=False)
        net = NETS["lightning"](*samples)
        used = lightning.Trainer(callbacks=callbacks, max_epochs=3, val_check_interval=2, **QUIET)
        used.fit(net)
        after.append(net.state_dict())
    assert all(torch.equal(after[0][name], after[1][name]) for name in after[0])


def test_options_are_those_of_the_metric(samples):
    used = trainer(KStarCallback(["same"], metric="cosine"))
    used.validate(NETS["lightning"](*samples), verbose=False)
    assert logged(used) == wanted(samples, "same", metric="cosine")
    assert logged(used) != wanted(samples, "same")


def test_each_loader_has_its_own(samples):
    used = trainer(KStarCallback(["same"]))
    used.validate(NETS["lightning"](*samples, loaders=2), verbose=False)
    names = ["same/dataloader_idx_0", "same/dataloader_idx_1"]
    assert logged(used) == {**wanted(samples, names[0]), **wanted(samples, names[1])}


def test_the_model_itself_has_no_name(samples):
    used = trainer(KStarCallback([""]))
    used.validate(NETS["lightning"](*samples), verbose=False)
    assert {"kstar_mean", "kstar_fractured"} <= {*logged(used)}


def test_axes_are_found_out_by_forward(samples):
    net = Unclear(*samples)
    used = trainer(KStarCallback(["last"]))
    used.validate(net, verbose=False)
    with torch.no_grad():
        x = samples[0]
        maps = net.convolution(x[:, None, :, None].repeat(1, 1, 1, 5))
    assert maps.shape == (24, 5, 5, 5)
    assert logged(used) == wanted((maps.flatten(2).mean(2), samples[1]), "last")
    assert logged(used) != wanted((maps.mean((1, 3)), samples[1]), "last")


def test_axes_that_nothing_tells_are_asked_for(samples):
    net = Unclear(*samples, forward=False)
    with pytest.raises(
        LayerError, match=r"'last' may have .* forward\(inputs\).* pool='channels_first'"
    ):
        trainer(KStarCallback(["last"])).validate(net, verbose=False)
    assert hooks(net) == 0
    used = trainer(KStarCallback(["last"], pool="channels_last"))
    used.validate(net, verbose=False)
    assert "kstar_mean/last" in logged(used)


def test_a_sanity_check_of_one_class_says_nothing(samples):
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="(?s).*NaN")
        used = trainer(KStarCallback(["same"]), num_sanity_val_steps=1)
        used.fit(NETS["lightning"](*samples))
    assert logged(used) == wanted(samples, "same")


def test_an_epoch_of_one_class_is_nan_and_one_warning(samples):
    used = trainer(KStarCallback(["same"]), max_epochs=2, limit_val_batches=1)
    with pytest.warns(UserWarning, match="NaN: labels: at least two classes") as caught:
        used.fit(NETS["lightning"](*samples))
    assert len(logged(used)) == 5
    assert all(np.isnan(value) for value in logged(used).values())
    assert len([one for one in caught if "NaN" in str(one.message)]) == 1


def test_no_hook_is_left_when_validation_fails(samples):
    net = Failing(*samples)
    with pytest.raises(RuntimeError, match="no validation today"):
        trainer(KStarCallback(["same", "layer"])).fit(net)
    assert hooks(net) == 0


def test_layers_that_cannot_be_heard_are_named(samples):
    net = NETS["lightning"](*samples)
    net.unused = torch.nn.Linear(1, 1)
    with pytest.raises(LayerError, match="'unused' did not run"):
        trainer(KStarCallback(["same", "unused"])).fit(net)
    assert hooks(net) == 0
    with pytest.raises(ValueError, match="no module named 'sam'; close names: 'same'"):
        trainer(KStarCallback(["sam"]), num_sanity_val_steps=0).fit(net)
    with pytest.raises(ValueError, match="pool: there is no layer 'other'"):
        trainer(KStarCallback(["same"], pool={"other": "mean"})).fit(net)


def test_compiled_modules_are_heard(samples):
    net = NETS["lightning"](*samples)
    block = torch.nn.Sequential(net.layer, torch.nn.ReLU())
    net.layer = torch.compile(block, backend="eager")
    used = trainer(KStarCallback(["layer.0"]), num_sanity_val_steps=0)
    used.fit(net)  # which compiles it, before there are hooks
    assert "kstar_mean/layer.0" in logged(used)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"layers": "same"}, TypeError, "layers must be a sequence of names"),
        ({"layers": []}, ValueError, "layers: at least one name"),
        ({"pool": "max"}, ValueError, "pool: auto"),
        ({"mask": 3}, TypeError, "mask: a function is wanted, got 3"),
        ({"inputs": 1.5}, TypeError, "inputs: the name or number"),
        ({"labels": True}, TypeError, "labels: the name or number"),
        ({"metric": "manhattan"}, ValueError, "manhattan"),
        ({"class_names": 3}, TypeError, "class_names"),
        ({"colour": 3}, ValueError, "colour"),
        ({"plot_every_n_epochs": 0}, ValueError, "plot_every_n_epochs: 1 or more is wanted, got 0"),
        ({"plot_every_n_epochs": 1.0}, TypeError, "an integer or None is wanted, got float"),
        ({"plot_every_n_epochs": True}, TypeError, "an integer or None is wanted, got bool"),
    ],
)
def test_what_is_no_argument_is_refused_at_once(options, error, message):
    with pytest.raises(error, match=message):
        KStarCallback(**{"layers": ["same"], **options})


def test_pictures_come_every_n_epochs(samples, tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    logger = lightning.pytorch.loggers.TensorBoardLogger(tmp_path)
    callback = KStarCallback(["same"], plot_every_n_epochs=2)
    trainer(callback, logger=logger, max_epochs=5).fit(NETS["lightning"](*samples))
    events = EventAccumulator(logger.log_dir).Reload()
    assert events.Tags()["images"] == ["kstar/same"]
    assert [image.step for image in events.Images("kstar/same")] == [4, 8]  # epochs 1 and 3
    assert len(events.Scalars("kstar_mean/same")) == 5


def test_pictures_go_to_a_logger_of_wandb(samples, tmp_path):
    pytest.importorskip("wandb")
    logger = lightning.pytorch.loggers.WandbLogger(save_dir=tmp_path, offline=True)
    logged_by = []
    run = logger.experiment
    log = run.log
    run.log = lambda values, *more, **named: (logged_by.append(values), log(values, *more, **named))
    try:
        callback = KStarCallback(["same"], plot_every_n_epochs=1)
        trainer(callback, logger=logger).fit(NETS["lightning"](*samples))
    finally:
        run.finish()
    (media,) = [values for values in logged_by if "kstar/same" in values]
    assert {*media} == {"kstar/same", "kstar_classes/same", "trainer/global_step"}


@pytest.mark.parametrize("logger", [False, True])
def test_pictures_without_a_place_are_refused(samples, tmp_path, logger):
    csv = lightning.pytorch.loggers.CSVLogger(tmp_path)
    used = trainer(KStarCallback(["same"], plot_every_n_epochs=1), logger=logger and csv)
    found = "CSVLogger" if logger else "none"
    with pytest.raises(ValueError, match=f"^plot_every_n_epochs: .* is wanted, got {found}"):
        used.fit(NETS["lightning"](*samples))
