"""Files that commands write: whole or as before, through links, and never in place of a pipe or a device."""

import os
import threading
from pathlib import Path

import pytest

from registrar.cli.files import write_beside


def test_a_link_stays_and_its_file_is_written(tmp_path: Path) -> None:
    target, link = tmp_path / "target.json", tmp_path / "link.json"
    target.write_text("before")
    link.symlink_to("target.json")
    write_beside(link, ["after"])
    assert link.is_symlink()
    assert target.read_text() == "after"


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    write_beside(pipe, ["through ", "it"])
    reader.join()
    assert read == ["through it"]
    assert pipe.is_fifo()


def test_a_folder_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError) as error:
        write_beside(tmp_path, ["text"])
    assert error.value.filename == str(tmp_path)
