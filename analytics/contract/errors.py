"""Errors that a user can act on.

    AnalyticsError
    ├── ConfigError               analytics.toml, environment or flag is wrong
    ├── ConnectorError            a source could not be read
    │   └── SourceFormatError     the file is not what it was taken for
    ├── ImageError                one picture cannot be used (data, not a failure)
    ├── StoreError                the warehouse cannot be opened or written
    │   └── WarehouseBusyError    another process holds the warehouse
    ├── EngineError               a model cannot be loaded or run
    │   ├── MissingExtraError     an optional package is not installed
    │   ├── CompileError          the engine may start if the model is not compiled
    │   ├── EngineDownError       the engine answers nothing; no item is at fault
    │   │   └── EngineDiedError   its process has ended, and it can be loaded again
    │   ├── DeadlyItemError       the engine died on one item, and on it alone again
    │   └── UnfinishedError       the run was stopped before the item's reply came
    ├── ContractMismatchError     a model was made under another contract
    └── TrainingError             distillation cannot go on

A message names what failed (with the value), where, and the fix.
"""


class AnalyticsError(Exception):
    """Base of all errors that end a command with one line and exit code 1.

    The message is `what`, and `fix` after it where that is told apart (`doctor` shows
    the two in their own places).
    """

    is_transient: bool = False

    def __init__(self, what: str = "", *, fix: str = "") -> None:
        super().__init__(f"{what.removesuffix('.')}. {fix}" if fix else what)
        self.what = what
        self.fix = fix


class ConfigError(AnalyticsError):
    """The configuration is wrong; the message lists every fault found."""


class ConnectorError(AnalyticsError):
    """A source could not be read."""


class SourceFormatError(ConnectorError):
    """A file is not of the format it was taken for."""


class ImageError(AnalyticsError):
    """A picture cannot be used; `reason` is one of the media statuses."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class StoreError(AnalyticsError):
    """The warehouse cannot be opened, read or written."""


class WarehouseBusyError(StoreError):
    """Another process holds the warehouse for writing."""

    is_transient = True


class EngineError(AnalyticsError):
    """A model cannot be loaded or run."""


class MissingExtraError(EngineError):
    """An optional package is not installed; the message names the command."""


class CompileError(EngineError):
    """The engine chose to compile the model and did not start; without that it may."""


class EngineDownError(EngineError):
    """The engine answers no request any more, or none of ours: it ends a run."""


class EngineDiedError(EngineDownError):
    """The engine's process has ended: it must be loaded anew before it can be asked."""


class DeadlyItemError(EngineError):
    """An engine died on this item twice, alone; the engine itself runs again."""


class UnfinishedError(EngineError):
    """The user stopped the run before the reply came; the item is not at fault."""


class ContractMismatchError(AnalyticsError):
    """A model was made under another contract than the installed one."""


class TrainingError(AnalyticsError):
    """A distillation step cannot go on."""
