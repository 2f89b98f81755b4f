r"""From a checked problem to the nearest foreign sample of each, and a count within its distance.

`registry.py` has one record per engine: its name, its devices, whether it can be used here and why
not. `api.py` asks it for a class, and that class two questions::

    api.answer ---> registry.choose_engine ---> BACKENDS: cpu | cuda | torch      (one record each)
        |                                       OF_PRECOMPUTED
        v
    base.Engine                      nearest_foreign()    count_within(squared_radii)
        |        \
        |         `-- precomputed.Engine                  compares distances that are given
        v
    base.BallEngine                  joins duplicates, settles, expands: once for all
        |            |             |
    cpu/engine   cuda/engine   portable/engine            _search and _count of distinct samples
        |            |             |
    cpu/balls    cuda/balls    portable/balls             centres in low precision, certified radii
        |            |             |
     _cpu.so      _cuda.so       torch                    fused products and thresholds

What they share, each file with one idea::

    duplicates   equal samples are looked at once
    frame        the shift and the unit of all balls of a problem
    projection   how few directions suffice to look at first, and how many pay
    directions   the principal directions of a few rows, without LAPACK
    bounds       what a product in low precision proves about a canonical distance
    torch_state  arithmetic that does not depend on how torch is set
    denormals    numbers that may be flushed to zero, and `own_thread` for where they would be
    status       whether an engine can be used here

Where samples come in shards, `registry.choose_pairs` gives what serves a pair of them
(`shards.py`): the native CPU engine lets both sides ask at once (`cpu/pairs.py`), any other is
asked by one side and then by the other (`one_sided.py`).

An engine is handed samples in class order. It knows nothing of labels beyond class codes, nothing
of metrics beyond a number that divides each row, nothing of arrays other than tensors. Engines do
not import one another. `template.py` is the start of a new one.
"""
