"""k* inside other libraries: one file each, named after the library.

    torchmetrics.KStar --> stats.distribution      (`kstar_gpu.metric` is a short name for it)

Not imported by the package itself, so that it can do without the libraries: each file says which
extra installs its own (`extras.import_extra`).
"""
