"""Files of Python of the user's, as modules below this one: whatever they are called.

`torch.py` becomes `kstar_gpu.user_files.torch`, which neither takes the place of torch nor is taken
for it. Other processes that unpickle what a file has defined (workers of a DataLoader) find it by
that name, too: below this module, names are looked up where all modules are, from the end. There
the file's folder is put, so that what lies beside the file can be imported, but nothing of it comes
before what is installed.
"""

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from .names import one_line

__path__ = sys.path[::-1]


def load_file(path: Path) -> ModuleType:
    """Return a file of Python as a module; its folder stays where modules are looked for."""
    name = f"{__name__}.{path.stem}"
    spec = spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[name] = module  # where dataclasses look for it
    sys.path.append(str(path.absolute().parent))
    spec.loader.exec_module(module)
    return module


@contextmanager
def checking_imports(path: Path) -> Iterator[None]:
    """Within, a file of the user's runs: warn of an import that was not of what lies beside it.

    A script would have taken that; here it was of what is installed under the same name.
    """
    loaded = {*sys.modules}
    yield
    folder = path.absolute().parent
    for name in sorted({*sys.modules} - loaded):
        beside = folder / f"{name}.py", folder / name / "__init__.py"
        file = getattr(sys.modules[name], "__file__", None)
        if any(map(Path.is_file, beside)) and (file is None or folder not in Path(file).parents):
            told = (
                f"{path} imports {name}, which is not that beside it, but {file or 'of Python'}; "
                f"PYTHONPATH={folder} would put that first"
            )
            warnings.warn(one_line(told), stacklevel=2)
