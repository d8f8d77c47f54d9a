"""`genharness check` as a user meets it."""

import json

from genharness.scaffold.packages import write_package


def test_a_fault_is_one_line_with_the_contract_and_exit_code_2(genharness, tmp_path):
    write_package(tmp_path / "mine", "reporter", "mine")
    good = genharness("check", "mine", "--format", "json")
    assert good.returncode == 0
    assert {one["outcome"] for one in json.loads(good.stdout)} == {"ok"}
    heavy = tmp_path / "mine" / "mine" / "render.py"
    heavy.write_text(heavy.read_text().replace("return ", "return b'' and "))
    bad = genharness("check", "mine")
    assert bad.returncode == 2
    assert "mine: renders a board: the contract: Gives text" in bad.stderr
    assert "4 checks, 4 failed" in bad.stderr
