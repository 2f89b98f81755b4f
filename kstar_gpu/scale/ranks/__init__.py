"""Samples that lie on the ranks of a torch.distributed group, which find together what none has.

`given` to each, with `owners`; then a `course` of steps, all of which all ranks of a `group` take::

    course     samples in -> dealt or not -> Search -> Count -> answers out
      moves        samples go to other ranks, and answers come back
      dealing      all of them, where some ranks would have little to search
      meeting      each `party` visits the others in rounds, and asks two questions there
      grouping     classes lie whole on one rank each, and are counted there
      rounds       what is found is kept after each step
"""
