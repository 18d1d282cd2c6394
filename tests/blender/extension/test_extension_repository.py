# pyright: basic
"""The folder of zips as a repository that Blender can install from and update by."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest
from retake.blender_addon.packaging import build_zip
from retake.blender_addon.version import VERSION

pytestmark = pytest.mark.timeout(300)  # the first test may have to download the wheels


def test_the_index_names_the_zip_as_it_is(extension_zip: Path, tmp_path: Path) -> None:
    shutil.copy(extension_zip, tmp_path)
    index = json.loads(build_zip.write_index(tmp_path).read_text("utf-8"))
    (entry,) = index["data"]
    content = extension_zip.read_bytes()
    assert (entry["id"], entry["version"]) == ("retake", VERSION)
    assert entry["archive_size"] == len(content)
    assert entry["archive_hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
    assert (tmp_path / entry["archive_url"]).is_file()
    assert set(entry["permissions"]) == {"files", "network"}
