"""The steps of `gpu_visit.py`: each is a module with a function `run`, in a process of its own."""
