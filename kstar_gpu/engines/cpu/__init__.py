"""The native CPU engine: 16-bit integers, whose products are exact on every instruction set.

Python prepares, and the extension `_cpu` (csrc/cpu) does all that takes time::

    engine      asks the extension, shows progress
      |-- sides       distinct samples with their balls, near ones side by side
      |     |-- balls       rows -> points, radii, certificate; full and narrow
      |     `-- algebra     products that choose the directions of narrow balls
      `-- memory      the width of narrow balls, under a memory limit

    _cpu        measure_rows, make_full, make_narrow, products, arrange     preparation
                matrix_product, gram_schmidt                                directions
                nearest_foreign, count_within                               the two questions
"""
