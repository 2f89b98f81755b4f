r"""From anything to checked tensors and classes, with one metric left.

The way of the data, from what a caller has to what an engine takes::

    array_files     FILE[:KEY] of the command line -> arrays
    model_inputs    the same, where they are what a model takes
    containers      numpy, torch, lists, frames, DLPack -> plain arrays, with nothing missing
         |          (frames, torch_tensors, objects: one kind of container each)
    arrays          those of features -> float tensors that hold the same numbers; back
    labels          those that name classes -> codes 0 .. C-1
    metrics         a metric -> a number that divides each row of a Euclidean problem
    devices         where to compute: what is there, and holds float64
         \   |   /
        problem     samples in class order, finite and in range; or a table of distances

Bad input stops here, with an error that names the argument (`argument`), what came and what is
wanted.
"""
