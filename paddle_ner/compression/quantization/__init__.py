"""Int8 graphs by PaddleSlim: what is tried, the process that makes it, what of it is kept, and which kernels run it."""
