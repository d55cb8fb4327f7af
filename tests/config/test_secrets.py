"""No key or password gets into the configuration, which is stored with each run."""

from pathlib import Path

import pytest

from analytics.config.loading import load_config
from analytics.contract.errors import ConfigError
from tests.scripted import write_config

SECRETS = {
    "api-key": '{ api_key = "s3cret" }',
    "api-key-in-one": '{ apikey = "s3cret" }',
    "header": '{ extra_body = { Authorization = "s3cret" } }',
    "headers": '{ extra_body = { headers = [{ x-api-key = "s3cret" }] } }',
    "bearer": '{ extra_body = { metadata = "Bearer s3cret" } }',
    "key-of-openai": '{ weights = "sk-s3cret0123456789" }',
    "list": '{ extra_body = { a = [["basic s3cret"]] } }',
    "token": '{ extra_body = { access_token = "s3cret" } }',
    "password": '{ PASSWORD = "s3cret" }',
    "url": '{ url = "https://me:s3cret@host/v1" }',
    "user-alone": '{ url = "https://s3cret@host/v1" }',
    "inner-url": '{ extra_body = { proxy = "socks5://me:s3cret@host" } }',
    "query": '{ url = "https://host/v1?key=s3cret" }',
    "fragment": '{ url = "https://host/v1#s3cret" }',
    "no-table": '"api_key = s3cret"',
}


@pytest.mark.parametrize("name", SECRETS)
def test_secrets_in_options_are_refused_and_not_shown(tmp_path: Path, name: str) -> None:
    """In the file and in the environment, with the place and the fix."""
    options = SECRETS[name]
    path = write_config(tmp_path, f"[model]\noptions = {options}\n")
    with pytest.raises(ConfigError) as caught:
        load_config(path, environment={})
    environment = {"ANALYTICS_MODEL_OPTIONS": options}
    with pytest.raises(ConfigError, match="environment: ANALYTICS_MODEL_OPTIONS") as other:
        load_config(write_config(tmp_path, ""), environment=environment)
    for message in (str(caught.value), str(other.value)):
        assert "s3cret" not in message
        assert name == "no-table" or "OPENAI_API_KEY" in message or "OPENAI_BASE_URL" in message
    assert str(path) in str(caught.value)
    assert "options" in str(caught.value)


def test_a_key_of_another_service_has_its_own_variable(tmp_path: Path) -> None:
    path = write_config(tmp_path, '[model]\noptions = { hf_token = "s3cret" }\n')
    with pytest.raises(ConfigError, match="HF_TOKEN") as caught:
        load_config(path, environment={})
    assert "s3cret" not in str(caught.value)


def test_a_key_beside_the_options_is_told_where_it_belongs(tmp_path: Path) -> None:
    path = write_config(tmp_path, '[model]\napi_key = "s3cret"\n')
    with pytest.raises(ConfigError, match=r"unknown key 'api_key'.*OPENAI_API_KEY") as caught:
        load_config(path, environment={})
    assert "s3cret" not in str(caught.value)


def test_all_secrets_are_told_at_once(tmp_path: Path) -> None:
    text = '[model.options]\napi_key = "a"\nurl = "http://b:c@d"\n'
    with pytest.raises(ConfigError) as caught:
        load_config(write_config(tmp_path, text), environment={})
    assert len(str(caught.value).splitlines()) == 2


@pytest.mark.parametrize(
    "options",
    [
        '{ url = "https://host/v1/a@b", max_num_batched_tokens = 1 }',
        '{ hf_overrides = { eos_token = "<s>" }, max_token = 1, tokenizer = "x" }',
        '{ extra_body = { note = "ask me@home? sk-1, basic" , stop_token_ids = [1] } }',
        '{ weights = "basic", kv_cache_dtype = "auto", monkey = 1 }',
    ],
)
def test_plain_options_are_no_secrets(tmp_path: Path, options: str) -> None:
    path = write_config(tmp_path, f"[model]\noptions = {options}\n")
    assert load_config(path, environment={}).model.options
