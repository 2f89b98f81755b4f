"""What k* values say of classes: their distributions, and how far these can be believed.

`distribution` is the middle of it: `kstar_distribution` asks for the k* of all samples and gives a
`KStarDistribution`, which everything else makes, takes, writes or draws. Who calls whom:

    intervals  comparison  label_null    how sure; whether two differ; what if labels meant nothing
        |           |           |   |
        +-----------+           |   +--> statistic    mean and skewness, by name (nearly all)
        v                       |        options      what may be passed on to a search
    from_features --> api.answer ------> class_names  what the classes are called
        v                       |
    distribution ---------------|------> class_statistics   mean, skewness, ... of each class:
                                |          pattern     fractured, overlapped or clustered
                                |          local_sets  LSC, the measure of data complexity
                                |          purity      how often neighbours are of one class
                                |        samples      which are confused the most, and with whom
                                |        choice       some of many classes: asked for, striking
                                |        summary      lines of text: all classes, or one screen
                                v        result_file  an .npz file, and back
                            api.kstar

    scores      kstar_score, kstar_samples: called as scikit-learn's silhouettes are
    confusion   which class ends the runs of which: from labels and the indices that `kstar` gives

scipy is imported by those functions that need it, when they are called.
"""
