"""The commands of `kstar-gpu`: a module for each, which adds itself to the parser and runs.

    compute   features in files -> k* distribution        plot     what is saved -> a picture
    sweep     models over data -> a directory             table    what is saved -> a table
    layers    what a model's layers are called            report   a directory -> a page
    info      versions, backends, devices

`saved` reads what plot and table are given, `table_file` writes tables, `options` has the options
that several commands take.
"""
