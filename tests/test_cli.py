"""The command line: what it cannot do it says in a sentence, never with a traceback."""

import pytest

from app import cli


@pytest.mark.parametrize("command", [["signature", "check"], ["demo", "sign", "--as", "9900000030"]])
def test_a_file_that_is_not_there_is_a_sentence(command: list[str], tmp_path, capsys):
    for nothing in (tmp_path / "không có.pdf", tmp_path):
        with pytest.raises(SystemExit) as ended:
            cli.main([*command, str(nothing)])
        assert ended.value.code == 2
        assert "there is no file" in capsys.readouterr().err
