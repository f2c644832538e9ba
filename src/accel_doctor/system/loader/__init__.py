"""The dynamic loader: where it looks, which file it takes for a soname, which versions that file defines."""
