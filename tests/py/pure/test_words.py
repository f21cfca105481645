"""Words of a command line that are no numbers: what each option takes, and the one line that says what it wants."""

import pytest

from compiler.cli.options import plan_options
from compiler.options import CHOOSER_NAMES
from dialects.errors import UserError

REFUSED = {
    "machine": ("", "--machine: got nothing; leave --machine out, or say what"),
    "platform": (
        "warp",
        "--platform: got 'warp', want a platform, several in the order of their export, or an index; ",
    ),
    "schedule": ("zero", "--schedule: got 'zero', want one of gpipe, 1f1b"),
    "batch_statistics": ("whole batch", "--batch-statistics: got 'whole batch', want whole or per-microbatch"),
    "batch_args": ("1:0:2:3", "--batch-args: got '1:0:2:3', want ARGUMENT[:DIM[:BLOCKS]], indices; 5:1 says"),
    "state_args": (
        "0",
        "--state-args: got '0', want ARGUMENT:RESULT, two indices; `compiler inspect MODULE` lists both",
    ),
    "intra": ("ilq", f"--intra: got 'ilq', want one of {', '.join(CHOOSER_NAMES)}"),
    "mesh": ("2x", "--mesh: got '2x', want sizes such as 8 or 2x4, or auto"),
    "annotate": ("arg0", "--annotate: got 'arg0', want ARGUMENT=SHARDING; write it as in 'arg3=[{\"x\"}, {}]'"),
    "respect_annotations": ("maybe", "--respect-annotations: got 'maybe', want yes or no"),
    "memory_per_device": ("16GiBs", "--memory-per-device: got '16GiBs', want a size in bytes"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    word, said = REFUSED[name]
    with pytest.raises(UserError) as caught:
        plan_options({name: word})
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("word", ["cpu,cpu", "cpu,", "cpu;tpu"])
def test_platforms_refused(word: str) -> None:
    with pytest.raises(UserError, match="want a platform, several in the order of their export, or an index"):
        plan_options({"platform": word})


@pytest.mark.parametrize("word", ["=[{}]", "[{}]", " =[{}]", 'arg0=[{}]\narg1={"x"}'])
def test_annotations_refused(word: str) -> None:
    with pytest.raises(UserError, match="want ARGUMENT=SHARDING"):
        plan_options({"annotate": word})


def test_taken() -> None:
    words = {
        "machine": " local-cpu ",
        "platform": "tpu, cpu",
        "microbatches": "auto",
        "stages": "auto",
        "schedule": "gpipe",
        "batch_args": " 1, 2:1 ,3:0:4",
        "batch_statistics": "per-microbatch",
        "state_args": "0:1, 2:0",
        "intra": "ilp",
        "mesh": "2x4",
        "annotate": 'arg0 =[{"x"}, {}]\nlist=[1]=[{}]',
        "respect_annotations": "no",
    }
    asked = plan_options(words)
    assert (asked.machine, asked.platform, asked.microbatches, asked.stages) == ("local-cpu", "tpu,cpu", None, None)
    assert asked.batch_args == ("1", "2:1", "3:0:4")
    assert asked.state_args == ((0, 1), (2, 0))
    assert (asked.mesh, asked.schedule, asked.intra) == ((2, 4), "gpipe", "ilp")
    assert asked.annotate == (("arg0", '[{"x"}, {}]'), ("list=[1]", "[{}]"))
    assert (asked.batch_statistics, asked.respect_annotations) == ("per-microbatch", False)
    assert plan_options({"respect_annotations": "yes"}).respect_annotations is True
    none = plan_options({"batch_args": "none", "state_args": "", "mesh": "auto", "platform": "0"})
    assert (none.batch_args, none.state_args, none.mesh, none.platform) == ((), (), None, "0")
