"""`genharness new` as a user meets it."""

from click.testing import CliRunner

from genharness.cli.authors.new import new


def test_a_package_is_written_where_it_is_wanted(tmp_path):
    done = CliRunner().invoke(new, ["metric", "edge-distance", "--path", str(tmp_path / "code" / "edge")])
    assert done.exit_code == 0
    assert (tmp_path / "code" / "edge" / "edge_distance" / "metric.py").is_file()
    assert "genharness check" in done.output


def test_the_name_of_a_plugin_that_there_is_is_refused(tmp_path):
    done = CliRunner().invoke(new, ["model", "vae", "--path", str(tmp_path / "vae")])
    assert "there is a model 'vae' already" in str(done.exception)
    assert not (tmp_path / "vae").exists()
