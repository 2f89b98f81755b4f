r"""From anything to checked tensors and classes, with one metric left.

The way of the data, from what a caller has to what an engine takes::

    array_files     FILE[:KEY] of the command line -> arrays
    arrays          numpy, torch, pandas, DLPack -> float tensors that hold the same numbers; back
    labels          anything that names classes -> codes 0 .. C-1
    metrics         a metric -> a number that divides each row of a Euclidean problem
         \   |   /
        problem     samples in class order, finite and in range; or a table of distances

Bad input stops here, with an error that names the argument, what came and what is wanted.
"""
