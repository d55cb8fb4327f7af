"""Fetches pictures that posts name by their addresses, from hosts that nobody vouches for."""
