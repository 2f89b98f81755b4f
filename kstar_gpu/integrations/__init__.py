"""k* inside other libraries: one file each, named after the library.

    torchmetrics: KStar, KStarOnes, KStarSkewness      (`kstar_gpu.metric` is a short name for it)
        --> kstar_metric: arguments, results --> stats.distribution
                --> asked_together --> kept_samples: processes; batches, types
                --> known_classes: places and names of classes
    lightning: KStarCallback --> networks.hooks, torchmetrics
        --> lightning_libraries: one callback for both of them
        --> repeated_samples: what a distributed sampler gives twice
        --> trackers: loggers that take pictures
    tensorboard, wandb: log_to_tensorboard, log_to_wandb --> scalars

Not imported by the package itself, so that it can do without the libraries: each file says which
extra installs its own (`extras.import_extra`).
"""
