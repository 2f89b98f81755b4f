r"""Beyond one piece of memory: samples in shards, which meet pair by pair.

What computes, and what a shard is, is the engines' (`engines/shards.py`). Here shards are made,
agree on what their balls have in common, and meet::

    disk         a walk that holds two shards at a time; of `stored` features, with a `checkpoint`
    dask_arrays  a `task_graph` over `blocks` that are anywhere; each task with its `task_threads`
    distributed  the `ranks` of a torch.distributed group have a shard each, which meets the others'
            |
         shards      features and labels -> shards -> a census -> every pair of shards once
            |
    engines.registry.choose_pairs ---> search(I, J)   within(I, r_I, J, r_J)

Results are those of the whole, bit for bit: the canonical distance belongs to a pair of samples,
the nearest foreign sample is the least of (distance, id), and counts are sums.
"""
