"""Training and test data: labelled examples, their pictures, and rationales."""
