"""uv and pip, driven through their public command lines: requirements to lock, source to wheel, lock to environment."""
