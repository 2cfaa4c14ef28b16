"""Training of the multilingual company encoder; needs torch, which the runtime does not."""
