"""Which engine options change what a model says: they are part of the key of results."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from analytics.engine.model_files import limit_model_len
from analytics.engine.ray_options import RAY_OPTION_NAMES

# Options that decide where, how fast and in what memory a model runs. They move numbers
# no more than a batch of another size does (docs/engines.md). All others count as
# changing results: an option too many costs work, one too few shows stale labels.
_RUNTIME_ONLY = frozenset(
    {
        "attention_backend",
        "attn_implementation",
        "async_scheduling",
        "block_size",
        "compilation_config",
        "cpu_offload_gb",
        "cudagraph_capture_sizes",
        "data_parallel_size",
        "device",
        "device_ids",
        "disable_custom_all_reduce",
        "disable_log_stats",
        "distributed_executor_backend",
        "download_dir",
        "enable_chunked_prefill",
        "enable_expert_parallel",
        "enable_prefix_caching",
        "enforce_eager",
        "gpu_memory_utilization",
        "hf_token",
        "isolated",
        "kv_cache_memory_bytes",
        "max_num_batched_tokens",
        "max_num_seqs",
        "max_parallel_loading_workers",
        "mm_encoder_tp_mode",
        "mm_processor_cache_gb",
        "nnodes",
        "node_rank",
        "num_gpu_blocks_override",
        "optimization_level",
        "pipeline_parallel_size",
        "prefix_caching_hash_algo",
        "safetensors_load_strategy",
        "scheduling_policy",
        "seed",
        "tensor_parallel_size",
        "use_tqdm_on_load",
    }
)


def list_result_options(folder: Path, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that change results; {} where all is as it would be without them.

    `max_model_len` decides where long posts are cut. It is given as what comes of it
    for the model in `folder`, and left out where that is the default.

    Raises:
        ConfigError: max_model_len is no whole number above 0.
    """
    kept = {
        key: value for key, value in options.items() if key not in _RUNTIME_ONLY | RAY_OPTION_NAMES
    }
    if kept.get("guided") is True:  # the default, written down
        del kept["guided"]
    limit = limit_model_len(folder, kept.pop("max_model_len", None))
    if limit != limit_model_len(folder, None):
        kept["max_model_len"] = limit
    return kept
