"""From networks and data to features of layers, and to the k* of every layer.

Two ways in: `activations` gives the features of named layers; `sweep` goes on to their k*
distributions, for many models, data sets and layers, and keeps them. Who calls whom:

    named_pairs --> zoo, datasets    models by name; folders of pictures and files of arrays
       :
       v
     sweep ------------------------> stats.from_features
       | |                           which results are asked for, what is given
       | |-> pairs                   models and data sets, each made when its turn comes
       | |-> executors               calls that others run: pools, clusters
       | |-> sweep_results           what comes of it
       | |-> object_store            the folder that all is kept in, or a copy of what a store has
       | +-> sweep_settings          what results depend on, and
       |       +-> fingerprints      what the network computes, as a hash:
       |             |-> value_hashes of values, functions and classes
       |             |-> reached_code of the code that the forward pass reaches
       |             +-> tensor_parts of tensors of any kind
       v
     sweep_run --+-> watched_loader  one model over one data set; whether each pass gives the same
       |         +-> first_outputs   whether the network still gives the same for the first samples
       |         +-> sweep_directory what is on disk of it:
       |               |-> outcome_files   a file of each layer, which says itself what it is
       |               |-> sweep_features  spilled features that are still in use
       |               +-> claims          which process works there; processes: whether it is gone
       v
     activations                     one pass over a loader; for each batch:
       |-> layer_names               "layer?.conv" -> modules
       |-> batches                   checked inputs and labels, given to the model
       |-> model_state               evaluation mode, device and precision, and back
       |-> unheard                   compiled modules as they were written; why others give nothing
       |-> scout --> axes            half of the first batch, its axes followed, where it is open
       |               +-> operations by what torch's operations do to axes
       |-> hooks --> pooling         what each layer gave -> a row per sample
       |     |-> layouts             which axis is the batch, which the channels
       |     +-> masks               which tokens count
       +-> feature_store             rows in memory, or spilled to a directory:
             |-> layer_file          rows in a file, and its sum
             +-> spill_manifest      what the files of a spill hold

Dots: nothing is called, their results are handed on. Nothing here knows how k* are computed.
"""
