"""Files of results as versions before have written them."""

import json

import numpy as np

from kstar_gpu import kstar_distribution
from kstar_gpu.stats.result_file import NARROWED


def saved(path, without=(), **header):
    """Save a result as versions before did: compressed, without a sum; something may be other."""
    result = kstar_distribution([[0.0], [1.0], [3.0]], [0, 1, 1])
    result.save(path)
    with np.load(path) as members:
        kept = {name: values for name, values in members.items() if name not in without}
    header = json.loads(str(kept["header"])) | {"format_version": 2} | header
    if header["format_version"] in (1, 2):
        del header["made_from"]
        kept |= {name: kept[name].astype(int) for name in NARROWED if name in kept}
    kept["header"] = json.dumps(header)
    with path.open("wb") as file:
        np.savez_compressed(file, **kept)
    return result
