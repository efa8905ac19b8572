"""Memories that learn: keys and values optimised for retrieval, and networks read as key-value memories.

NumPy only, float64. `retrieval` is the read and its gradient, `descent` follows gradients, `classes` learns keys and
values of items in classes, `overlap` lets the keys of overlapping events repel each other; `network` trains one hidden
layer, `dual` keeps every training pair as a key and a value, `reactivation` scales what was learned first, `images`
reads the two tasks of images, `published` has the random numbers of the paper's notebooks.

Source: Gershman, Fiete & Irie (2025), "Key-value memory in the brain", section 5.
"""
