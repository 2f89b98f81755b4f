"""The native CPU engine: integers of 16 or 8 bits, whose products are exact on every processor.

Python prepares, and the extension `_cpu` (csrc/cpu) does all that takes time::

    engine      asks the extension, shows progress; pairs asks it about shards
      |-- sides       distinct samples with their balls, near ones side by side
      |     |-- common      what balls share, and which of them a search looks at first
      |     |-- balls       rows -> points, radii, certificate; full and narrow
      |     |-- byte_balls  the same in bytes, for a first look
      |     `-- algebra     products that choose the directions of narrow balls
      `-- memory      the width of narrow balls, under a memory limit

    _cpu        measure_rows, make_full, make_narrow, make_bytes,           preparation
                products, arrange
                matrix_product, gram_schmidt                                directions
                nearest_foreign, count_within                               the two questions
                start_among                                                 where a search starts
"""
