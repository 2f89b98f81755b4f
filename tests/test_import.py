"""What `import kstar_gpu` brings with it, and what it leaves to those who use it."""

import subprocess
import sys

SLOW_OR_OPTIONAL = ["scipy", "pandas", "matplotlib", "sklearn", "umap"]
SLOW_OR_OPTIONAL += ["safetensors", "torchmetrics", "timm", "torchvision", "dask", "distributed"]


def test_nothing_slow_or_optional_is_imported():
    code = "import sys, kstar_gpu; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    imported = set(done.stdout.split())
    assert {"kstar_gpu", "torch"} <= imported
    assert not imported & set(SLOW_OR_OPTIONAL)


def test_nothing_is_printed_and_no_cuda_is_touched_at_import():
    code = "import kstar_gpu, torch; assert not torch.cuda.is_initialized()"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, check=True, text=True
    )
    assert (done.stdout, done.stderr) == ("", "")
