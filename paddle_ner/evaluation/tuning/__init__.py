"""How fast a bundle runs on this machine, and which engine, precision and layout it is run with from then on."""
