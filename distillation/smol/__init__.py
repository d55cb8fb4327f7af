"""The embedded student `smol-139m`: its architecture, and how its eyes were made."""
