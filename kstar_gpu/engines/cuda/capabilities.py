"""Compute capabilities of NVIDIA's GPUs: those built for, and those whose sums are known.

This file imports nothing: setup.py runs it where there is no torch.
"""

# What kernels are compiled for; newer ones compile the first one's PTX.
COMPILED = ("80", "86", "89", "90", "100", "120")
# Whose tensor cores are known to round as FLOAT16_ON_TENSOR_CORES in bounds.py says.
KNOWN = ((8, 0), (8, 6), (8, 7), (8, 9), (9, 0), (10, 0), (10, 3), (12, 0), (12, 1))
