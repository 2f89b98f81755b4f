"""The engine in plain torch: for every device that torch has, and to be read beside the others.

It does what the native engines do, by the same names and in the same order::

    engine      balls, sieves, and the walk over tiles
      |-- tiles       which blocks of samples meet, for Search and for Count
      |-- balls       rows -> points of float32, radii, slack (bounds.py, frame.py, projection.py)
      |-- byte_balls  the same in bytes, where the processor multiplies bytes ten times as fast
      |-- sieves      which balls a tile is looked at through, coarse ones first
      |-- screen      single pairs in float32, before their canonical distances
      |-- views       a tile's product as its rows see it, and as its columns do
      |-- questions   what a tile's product decides; what it leaves open, by canonical distances
      |-- scratch     memory that tiles use again and again
      `-- memory      the side of a tile, under a memory limit
"""
