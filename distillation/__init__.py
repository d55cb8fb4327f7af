"""Distillation: teacher -> assistant -> student (MulCoT-RD), and the embedded student.

Driven by `analytics distill ...` (`distillation/cli`). Nothing else imports it:
what it makes meets the rest of the project as a model folder.
"""
