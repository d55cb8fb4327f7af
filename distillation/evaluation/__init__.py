"""Scores of a model on labelled data: labels, rationales, faithfulness."""
