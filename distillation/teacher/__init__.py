"""The teacher: a large model behind an OpenAI-compatible server explains labelled posts.

Stage 1 lets it reason and predict; stage 2 gives it the label where it was wrong
(MulCoT-RD, "chain-of-thought enhancement"). Driven by `analytics distill teacher`.
"""
