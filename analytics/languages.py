"""Detects the language of posts whose source names none, offline, with py3langid.

py3langid is a maintained form of langid.py (Lui and Baldwin, ACL 2012): naive Bayes over byte
n-grams, 97 languages and more, 5 MB, no network.
"""

import re
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import ExitStack
from functools import cache, lru_cache
from importlib.metadata import version
from multiprocessing import get_context
from typing import Any

import duckdb

from analytics.contract.cores import count_cores
from analytics.contract.digests import digest_of
from analytics.store.languages import (
    count_unknown,
    forget_languages,
    read_unknown,
    store_languages,
)

UNDETERMINED = "und"  # ISO 639-2 for "cannot be told"
_RULES_VERSION = 1
# Addresses and names are of no language; `#word` is a word.
_NOISE = re.compile(r"https?://\S+|www\.\S+|@[\w.-]+|#")
_MIN_LETTERS = 3
# Fewer texts are done before further processes have started.
_MIN_TEXTS_SHARED = 20_000
_BLOCK_TEXTS = 2_000


def detect_languages(
    connection: duckdb.DuckDBPyConnection,
    *,
    min_confidence: float = 0.8,
    on_start: Callable[[int], None] = lambda n_posts: None,
    on_posts: Callable[[int], None] = lambda n_posts: None,
    is_stopped: Callable[[], bool] = lambda: False,
    n_processes: int | None = None,
) -> int:
    """Write `posts.detected_lang` where neither it nor `lang` is there; the posts looked at.

    Below `min_confidence` (0 to 1) a language is undetermined. What is written is kept when it
    is stopped, and the next call goes on. With another confidence, or another version of the
    library, all is detected anew.

    Raises:
        KeyboardInterrupt: the user stopped it.
    """
    forget_languages(
        connection,
        digest_of(
            {
                "rules": _RULES_VERSION,
                "library": version("py3langid"),
                "min_confidence": min_confidence,
            }
        ),
    )
    n_posts = count_unknown(connection)
    if not n_posts:
        return 0
    on_start(n_posts)
    n_processes = n_processes or count_cores()
    with ExitStack() as stack:
        pool: Executor | None = None
        if n_processes > 1 and n_posts >= _MIN_TEXTS_SHARED:
            # Not forked: the threads of DuckDB would be missing in the copy.
            context = get_context("spawn")
            pool = stack.enter_context(ProcessPoolExecutor(n_processes, mp_context=context))
        for window, texts in read_unknown(connection):
            if is_stopped():
                raise KeyboardInterrupt
            codes = _detect(texts, min_confidence, pool)
            on_posts(store_languages(connection, window, dict(zip(texts, codes, strict=True))))
    return n_posts


def _detect(texts: list[str], min_confidence: float, pool: Executor | None) -> list[str]:
    if pool is None:
        return _detect_block(texts, min_confidence)
    blocks = [texts[at : at + _BLOCK_TEXTS] for at in range(0, len(texts), _BLOCK_TEXTS)]
    found = pool.map(_detect_block, blocks, [min_confidence] * len(blocks))
    return [code for block in found for code in block]


def _detect_block(texts: list[str], min_confidence: float) -> list[str]:
    return [detect_language(text, min_confidence) for text in texts]


@lru_cache(maxsize=8_192)  # copies of a text stand in many windows
def detect_language(text: str, min_confidence: float) -> str:
    """The language of a text, as a code of ISO 639; `UNDETERMINED` where it cannot be told."""
    words = _NOISE.sub(" ", text)
    if sum(map(str.isalpha, words)) < _MIN_LETTERS:
        return UNDETERMINED
    code, confidence = _load_identifier().classify(words)
    # zxx: no language at all, such as a string of digits.
    return code if confidence >= min_confidence and code != "zxx" else UNDETERMINED


@cache
def _load_identifier() -> Any:
    from py3langid import langid

    return langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE, norm_probs=True)
