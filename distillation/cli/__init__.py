"""`analytics distill`: the composition root of distillation.

The only part of it that may load an engine. Commands are imported when called.
"""

import click

from analytics.cli import LazyGroup

COMMANDS: dict[str, tuple[str, str]] = {
    "teacher": ("distillation.cli.teacher:teacher", "Let a large model explain labelled posts."),
    "assistant": ("distillation.cli.train:assistant", "Train the assistant on labels and reasons."),
    "augment": ("distillation.cli.augment:augment", "Let the assistant explain the training set."),
    "soft-labels": (
        "distillation.cli.soft_labels:soft_labels",
        "Store what an assistant says.",
    ),
    "student": ("distillation.cli.train:student", "Train the student on hard and soft labels."),
    "average": ("distillation.cli.average:average", "Average models of one start."),
    "evaluate": ("distillation.cli.evaluate:evaluate", "Score a model on a labelled data set."),
    "errors": ("distillation.cli.errors:errors", "Write down what a model gets wrong."),
    "calibrate": ("distillation.cli.calibrate:calibrate", "Fit a model's probabilities."),
    "promote": ("distillation.cli.promote:promote", "Let a better model into the registry."),
    "start": ("distillation.cli.start:start", "Make the untrained embedded student."),
    "reference": ("distillation.cli.reference:reference", "Say what a model was trained on."),
    "ship": ("distillation.cli.ship:ship", "Store a model as a small difference to its base."),
}


@click.group(
    cls=LazyGroup,
    lazy=COMMANDS,
    epilog="Example: analytics distill student --recipe cpu-smol --data DIR --output DIR",
)
def distill() -> None:
    """Make a light student from a large teacher (MulCoT-RD).

    In order: teacher, assistant, augment, (soft-labels,) student, evaluate, promote.
    """
