"""Readers of platform dumps; each turns files into posts, rejects and ignored records."""
