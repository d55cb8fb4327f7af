from pathlib import Path

import pytest

from analytics.config.loading import load_config
from analytics.contract.errors import ConfigError


def test_all_faults_of_media_are_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "analytics.toml"
    path.write_text('[media]\nallowed_hosts = ["http://a.example"]\nuser_agent = "a\\r\\nX: b"\n')
    with pytest.raises(ConfigError) as caught:
        load_config(path, environment={})
    first, second = str(caught.value).splitlines()
    assert first.startswith(f"{path}: [media] allowed_hosts holds 'http://a.example': write 'host'")
    assert second.startswith(f"{path}: [media] user_agent must be printable ASCII text")


def test_faults_of_media_name_the_variable_they_came_from() -> None:
    with pytest.raises(ConfigError, match=r"^environment: ANALYTICS_MEDIA_ALLOWED_HOSTS holds"):
        load_config(None, environment={"ANALYTICS_MEDIA_ALLOWED_HOSTS": '["a b"]'})


def test_fetching_is_off_by_default() -> None:
    assert not load_config(None, environment={}).media.fetch
