"""Reads orders in any words: which things and places are spoken of, and what is to be done with them.

`corpus` holds instructions and what they mean, `networks` and `train` make weights of them, `reader` reads.
"""
