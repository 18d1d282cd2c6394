"""Which bone is which part of the body: found, set by hand, kept, shared."""
