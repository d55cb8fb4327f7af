"""Engines: what runs a model in batch. Start at `loading.load_engine`.

Nothing is imported here; torch, transformers and vLLM are imported by the
engine files alone, when an engine is loaded.
"""
