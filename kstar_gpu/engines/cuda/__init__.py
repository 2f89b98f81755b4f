"""The CUDA engine: products of float16 on tensor cores, kept honest by certificates.

Python divides memory and says what is to be done; kernels (csrc/cuda) do it, a launch at a time::

    engine      duplicates, frame, directions; again with less where memory runs out
      |-- search      one of two questions: its balls, rounds, and launches
      |-- count       the other
      |     |-- question    every two panels meet                      (what both share)
      |     |     `-- launches    tiles of a round, until all are done
      |     |-- balls       a panel's points of float16, radii, slack  (bounds.py)
      |     |     `-- panels      consecutive samples, on the device
      |     `-- strips      which blocks of two panels meet, and in which order
      `-- memory      the size of panels and buffers

    arrays      tensors as kernels take them: every argument of `_cuda` passes here
    _cuda       measure_rows, make_full                          preparation
                seed, search, count                              the two questions

    status      whether this engine can be used here             (asked by registry.py)
    capabilities   the GPUs that it is built for, and those it may use

`_cuda` is told a type, a length and a device with every address, refuses what kernels could not
use, and keeps the tensors for as long as they need. The tests run all of this without a GPU, over
the very kernels, compiled for the host (csrc/simt).
"""
