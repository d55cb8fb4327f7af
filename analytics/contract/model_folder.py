"""What training and serving agree on about a model folder, besides its weights."""

import os
from pathlib import Path

# The stamp of the training contract, see `digests.training_digest`.
CONTRACT_FILE = "contract.json"


def share_weights(folder: Path) -> None:
    """Let those read a folder's weights who may read any other new file.

    safetensors writes them for their owner alone, whatever the umask says, so that a
    model trained by one account could not be served by another.

    Raises:
        OSError: a file is another account's.
    """
    umask = os.umask(0o077)
    os.umask(umask)
    for file in folder.glob("*.safetensors"):
        file.chmod(0o666 & ~umask)
