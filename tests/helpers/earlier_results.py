"""Files of results as versions before have written them."""

import hashlib
import io
import json
import zipfile

import numpy as np

from kstar_gpu import kstar_distribution
from kstar_gpu.stats.result_file import NARROWED, SEAL, write_result


def saved(path, without=(), **header):
    """Save a result as versions before did: compressed, without a sum; something may be other."""
    result = kstar_distribution([[0.0], [1.0], [3.0]], [0, 1, 1])
    result.save(path)
    with np.load(path) as members:
        kept = {name: values for name, values in members.items() if name not in without}
    header = json.loads(str(kept["header"])) | {"format_version": 2} | header
    if header["format_version"] in (1, 2):
        del header["made_from"], header["reference_names"]
        kept |= {name: kept[name].astype(int) for name in NARROWED if name in kept}
    kept["header"] = json.dumps(header)
    with path.open("wb") as file:
        np.savez_compressed(file, **kept)
    return result


def sealed(path, change, **header):
    """Save a result with another header, not compressed, and with the sum of its bytes."""
    result = kstar_distribution([[0.0], [1.0], [3.0]], [0, 1, 1])
    write_result(vars(result), path, {"model": "net"})
    with np.load(path) as members:
        kept = dict(members)
    header = json.loads(str(kept["header"])) | header
    change(header)
    kept["header"] = np.array(json.dumps(header))
    archive = io.BytesIO()
    np.savez(archive, **kept)
    with zipfile.ZipFile(archive, "a") as members:
        members.comment = SEAL + b"0" * 64
    content = archive.getvalue()[:-64]
    path.write_bytes(content + hashlib.sha256(content).hexdigest().encode())
    return result
