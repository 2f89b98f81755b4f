r"""Beyond one piece of memory: samples in shards, which meet pair by pair.

What computes, and what a shard is, is the engines' (`engines/shards.py`). Here shards are made,
agree on what their balls have in common, and meet::

    disk         a walk that holds two shards at a time; of `stored` features, with a `checkpoint`
    dask_arrays  a `task_graph` over `blocks` that are anywhere; each task with its `task_threads`
    distributed  the ranks of a torch.distributed group (`ranks`): what they were `given`, and whose
                 it is (`owners`); then a `course` of steps, the `rounds` of which are kept: samples
                 move (`moves`) where a `dealing` is worth it, each `party` meets the others
                 (`meeting`) and asks two questions; classes are counted in one place (`grouping`)
            |
         shards      features and labels -> shards -> a census -> every pair of shards once
            |
    engines.registry.choose_pairs ---> search(I, J)   within(I, r_I, J, r_J)

Results are those of the whole, bit for bit: the canonical distance belongs to a pair of samples,
the nearest foreign sample is the least of (distance, id), and counts are sums.
"""
