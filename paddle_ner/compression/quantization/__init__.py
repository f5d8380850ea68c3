"""Int8 graphs by PaddleSlim: the plans, the process that quantizes, what is kept of its output, and the kernels."""
