"""Every layer of a network over a training set that no rank holds alone.

    torchrun --nproc-per-node=2 examples/many_ranks.py

Each rank runs its part of the samples through the network and asks for their k* among all;
features stay where they are. On machines with GPUs a rank takes one. The network is a small one
here, and the training set scikit-learn's digits; yours take their places.
"""

import torch
import torch.distributed as dist
from sklearn.datasets import load_digits
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, DistributedSampler, TensorDataset

from kstar_gpu.networks.activations import activations
from kstar_gpu.scale import distributed


def digits() -> TensorDataset:
    """Return images (1797, 64) from 0 to 1, and labels."""
    images, labels = load_digits(return_X_y=True)
    return TensorDataset(torch.from_numpy(images / 16).float(), torch.from_numpy(labels))


def network() -> nn.Module:
    """Return a network that is the same on all ranks."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 32))


def main() -> None:
    """Print of each layer how far its samples' first foreign neighbours are."""
    gpu = torch.cuda.is_available()
    dist.init_process_group("nccl" if gpu else "gloo")
    device = torch.device("cuda", dist.get_node_local_rank()) if gpu else torch.device("cpu")
    if gpu:
        torch.cuda.set_device(device)
    data = digits()
    sampler: DistributedSampler[object] = DistributedSampler(data, shuffle=False)
    index = torch.tensor(list(sampler))  # it repeats some, so that all ranks have as many
    loader = DataLoader(data, batch_size=256, sampler=sampler)
    model = DistributedDataParallel(network().to(device))
    found = activations(model, loader, ["?"])
    for name, features in found.features.items():
        mine = distributed.kstar(features.to(device), found.labels, index=index, normalize=True)
        told: list[tuple[torch.Tensor, torch.Tensor] | None] = [None] * dist.get_world_size()
        dist.all_gather_object(told, (index, mine.cpu()))
        kstar = torch.empty(len(data), dtype=torch.float64)
        for ids, values in filter(None, told):
            kstar[ids] = values
        if dist.get_rank() == 0:
            print(f"layer {name}: mean k*/class size {kstar.mean():.4f}", flush=True)
    dist.barrier()  # none ends while another one prints
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
