"""The documentation: what is made of the code is equal to it, links lead somewhere, commands and blocks run."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import reference_pages

from genharness.cli.main import cli

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
MADE_UP = Path(__file__).parent / "helpers" / "made_up_files.py"
"""Writes the files that docs/data.md reads."""
PAGES = sorted(path for path in DOCS.rglob("*.md"))
SHOWN = [path for path in PAGES if "reference" not in path.parts and path.name not in ("architecture.md", "python.md")]
"""Pages whose commands a reader types; docs/python.md has a test of its own."""


def blocks(path):
    """Return the fenced blocks of a page, as language and text."""
    return re.findall(r"^```(\w+)\n(.*?)^```", path.read_text(), re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("name", reference_pages.PAGES)
def test_a_page_that_is_made_of_the_code_is_what_the_code_says(name):
    held = (DOCS / "reference" / f"{name}.md").read_text()
    assert held == reference_pages.written(name), "run `python benchmarks/reference_pages.py`"


def anchors(path):
    headings = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", one.lower()).strip().replace(" ", "-") for one in headings}


@pytest.mark.parametrize("path", [*PAGES, ROOT / "README.md"], ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_to_a_page_leads_there(path):
    text = re.sub(r"^```.*?^```", "", path.read_text(), flags=re.DOTALL | re.MULTILINE)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if not re.match(r"[a-z]+:", link):
            file, _, anchor = link.partition("#")
            target = (path.parent / file).resolve() if file else path
            assert target.exists(), link
            assert not anchor or anchor in anchors(target), link


def test_every_page_is_in_the_navigation_and_nothing_else():
    named = set(re.findall(r": ([\w/-]+\.md)$", (ROOT / "mkdocs.yml").read_text(), re.MULTILINE))
    assert named == {str(path.relative_to(DOCS)) for path in PAGES}
    listed = re.findall(r"\]\(([\w/-]+\.md)\)", (DOCS / "llms.txt").read_text())
    assert len(listed) > 5
    assert set(listed) <= named


def commands_of(text):
    """Yield the commands of a block, as their words."""
    for line in re.sub(r"\\\n\s*", " ", text).splitlines():
        for part in re.split(r" && | \| |\s{2,}(?=genharness |#)", line.strip()):
            if part.startswith("genharness "):
                yield shlex.split(part.split(" > ")[0], comments=True)[1:]


@pytest.mark.parametrize("path", [*SHOWN, ROOT / "README.md", ROOT / "SKILL.md"], ids=lambda path: path.stem)
def test_every_command_that_is_shown_is_one(path):
    text = path.read_text()
    shown = [command for block in re.findall(r"```.*?\n(.*?)```", text, re.DOTALL) for command in commands_of(block)]
    for words in shown:
        command = cli
        while words and not words[0].startswith("-") and hasattr(command, "get_command"):
            command, words = command.get_command(None, words[0]), words[1:]
            assert command is not None, words
        context = command.context_class(command)
        command.make_parser(context).parse_args(list(words))  # it raises for an option that there is not


CHEAP = {
    r"--budget \S+": "--budget 2steps",
    r'budget = "\w+"': 'budget = "2steps"',
    r"--score-every \S+": "--score-every 1steps",
    r"--models ddpm ": "--models ddpm --set ddpm.ch=8 ",
    r"--seeds 10 --until-decided": "--seeds 3 --until-decided",
    r"(genharness run(?: --(?:models|datasets) \S+)+)(?= --(?:set|score-every) )(?!.*--budget)": r"\1 --budget 2steps",
    r"(genharness search [^#\n]*[^#\s])": r"\1 --tries 2 --confirm 1 --fresh-seeds 3 --budget 2steps",
}
"""Training is as short as it can be here: that the commands are right does not hang on how well a model learns."""
BEFORE = {"records": "genharness run --models vae,dcgan --budget 2steps", "data": f"{sys.executable} {MADE_UP}"}
"""What a page takes for granted."""
NEWEST = """CELL=$(ls -t results/records | grep -vE '^(real|noise)-' | head -n 1 | sed 's/.json$//')"""


def cheap(text):
    for pattern, other in CHEAP.items():
        text = re.sub(pattern, other, text)
    return f"{NEWEST}\n" + re.sub(r"\bCELL\b", '"$CELL"', text) if re.search(r"\bCELL\b", text) else text


def test_a_command_stands_in_a_block_that_is_run_or_needs_what_no_test_has():
    needs = r"pip install|cifar10|covid|slurm:|ray:\d|samples/|--show-completion|_COMPLETE"
    for path in SHOWN:
        fences = re.findall(r"^```(\w*)\n(.*?)^```", path.read_text(), re.DOTALL | re.MULTILINE)
        for kind, text in fences:
            if kind not in ("sh", "console"):
                commands = [line for line in text.splitlines() if re.match(r"(\$ )?genharness ", line)]
                assert not commands or kind == "text", f"{path.name}: say `sh` where {commands[0]!r} stands"
                assert not commands or re.search(needs, text), f"{path.name}: {commands[0]!r} could be run: `sh`"


@pytest.mark.slow
@pytest.mark.parametrize(
    "path",
    [one for one in SHOWN if any(kind in ("sh", "console", "python") for kind, _ in blocks(one))],
    ids=lambda path: path.stem,
)
def test_every_block_of_a_page_runs_in_order(path, tmp_path):
    tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    where = {**os.environ, "PATH": tools, "COLUMNS": "100", "OMP_NUM_THREADS": "1"}
    run(["bash", "-euc", BEFORE.get(path.stem, "")], tmp_path, where)
    for place, (kind, text) in enumerate(blocks(path)):
        named = re.match(r"# (\S+\.\w+)\n", text)
        if kind in ("toml", "python") and named:
            (tmp_path / named[1]).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / named[1]).write_text(cheap(text))
        elif kind == "python":
            file = tmp_path / f"block{place}.py"
            file.write_text(text)
            run([sys.executable, str(file)], tmp_path, where)
        elif kind == "sh":
            run(["bash", "-euc", cheap(text)], tmp_path, where)
        elif kind == "console":
            for command, said in re.findall(r"^\$ ((?:.*\\\n)*.*)\n((?:(?!\$ ).*\n)*)", text, re.MULTILINE):
                talks(command, said, tmp_path, where)


def talks(command, said, folder, environment):
    """Run a command that is shown with its output; what says where data lie is compared, scores and times are not."""
    done = subprocess.run(
        ["bash", "-euc", command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode != 0) == ("error: " in said), f"{command}\n{done.stdout}\n{done.stderr}"
    if command.startswith("genharness data"):
        flat = " ".join(f"{done.stdout} {done.stderr}".split())
        for line in said.splitlines():
            assert " ".join(line.replace("/tmp/doc19", str(folder)).split()) in flat, f"{line}\n{flat}"


def run(command, folder, environment):
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command[-1]}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"


@pytest.mark.slow
def test_the_site_is_built_without_a_warning(tmp_path):
    pytest.importorskip("mkdocs")
    pytest.importorskip("mkdocstrings")
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "mkdocs",
        "build",
        "--strict",
        "--quiet",
        "--site-dir",
        str(tmp_path),
    ]
    run(command, ROOT, {**os.environ, "DISABLE_MKDOCS_2_WARNING": "true", "NO_MKDOCS_2_WARNING": "true"})
    assert (tmp_path / "llms.txt").is_file()
    index = (tmp_path / "index.html").read_text()
    assert not re.findall(r'(?:src|href)="https?://(?!squidfunk|www\.mkdocs)[^"]*\.(?:js|css)"', index)


def test_the_first_table_of_the_readme_is_what_the_published_results_give(tmp_path):
    environment = {**os.environ, "GENHARNESS_HOME": str(tmp_path), "COLUMNS": "80"}
    command = [sys.executable, "-m", "genharness.cli.main", "leaderboard", str(ROOT / "results" / "digits")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() in (ROOT / "README.md").read_text()
