"""The contract between parts: records, labels, prompts, parser, pictures, digests.

The lowest layer: it imports the standard library and Pillow only. Import from
its modules (`from analytics.contract.records import Post`).
"""
