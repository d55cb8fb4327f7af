"""Training of assistant and student: sequences, packs, losses, loop. Start at `loop.train`."""
