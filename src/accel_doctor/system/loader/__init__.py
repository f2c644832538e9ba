"""The dynamic loader: its search path, the file it loads for a soname, the versions that file defines."""
