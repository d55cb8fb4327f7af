"""Chat requests to OpenAI-compatible servers; the engine `openai` and the teacher ask by it."""
