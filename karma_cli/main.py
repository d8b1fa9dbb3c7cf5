"""The `karma` command. Each command imports what it needs when it runs, so that ``--help`` is quick."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from karma_cli.errors import friendly
from karma_cli.groups import DefaultGroup
from karma_eval.condition import DEFAULT_PLANNER

__all__ = ["app"]

app = typer.Typer(
    name="karma",
    help="A memory for household robots: run instructions in AI2-THOR's homes, compare memories, look inside them.\n\n"
    'Begin with: karma run --scene FloorPlan1 "Wash the apple."',
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
graph_app = typer.Typer(name="graph", help="Build and look at long-term memory: the 3D scene graph of a home.")
sim_app = typer.Typer(name="sim", help="Look at the simulator's scenes.")
eval_app = typer.Typer(
    name="eval",
    cls=DefaultGroup,
    help="Compare memories: `karma eval TASKS.yaml …` runs task suites; the other commands stand below.",
    no_args_is_help=True,
)
app.add_typer(eval_app, rich_help_panel="Run")
app.add_typer(graph_app, rich_help_panel="Look inside")
app.add_typer(sim_app, rich_help_panel="Look inside")
experience_app = typer.Typer(name="experience", help="See what finished tasks taught the planner, and forget of it.")
app.add_typer(experience_app, rich_help_panel="Look inside")


class PlannerName(StrEnum):
    """Planners to choose from."""

    RULES = "rules"
    LEARNED = "learned"
    LLM = "llm"


_DEFAULT_PLANNER = PlannerName(DEFAULT_PLANNER)


class MemoryName(StrEnum):
    """What the robot remembers with."""

    FULL = "full"
    NO_LTM = "no-ltm"
    NO_STM = "no-stm"
    NONE = "none"


Scene = Annotated[str, typer.Option("--scene", help="Floor plan: FloorPlan1–30, 201–230, 301–330 or 401–430.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print only the result.")]
Pictures = Annotated[int, typer.Option(min=0, help="How many of the worst failures the report draws.")]
RealThor = Annotated[
    bool, typer.Option("--real-thor", help="Use AI2-THOR's Unity player, which it downloads, not the headless one.")
]

Noise = Annotated[
    str,
    typer.Option(
        metavar="NAME=VALUE,…",
        help="What sensors get wrong: depth, dropout, position, heading, missed, mislabelled (docs/simulator.md).",
    ),
]
Disturb = Annotated[
    str,
    typer.Option(
        metavar="NAME=NUMBER,…",
        help="What somebody else does between instructions: moves, states, closings (docs/simulator.md).",
    ),
]


@app.command(
    rich_help_panel="Run",
    epilog='Examples:\n\nkarma run --scene FloorPlan1 "Wash the apple." "Put it in the fridge."\n\n'
    "karma run --task complex.yaml:complex-03 --memory none --json result.json",
)
@friendly
def run(
    instructions: Annotated[
        list[str] | None, typer.Argument(metavar='["INSTRUCTION" …]', help="What the robot is told, in turn.")
    ] = None,
    scene: Annotated[
        str | None, typer.Option("--scene", help="Floor plan: FloorPlan1–30, 201–230, 301–330 or 401–430.")
    ] = None,
    planner: Annotated[PlannerName, typer.Option(help="Who turns words into plans.")] = _DEFAULT_PLANNER,
    memory: Annotated[
        MemoryName,
        typer.Option(help="What it remembers with; none: only within an instruction, the reference."),
    ] = MemoryName.FULL,
    capacity: Annotated[int, typer.Option(min=1, help="Objects that short-term memory holds.")] = 25,
    policy: Annotated[str | None, typer.Option(help="Replacement policy of short-term memory.")] = None,
    explore: Annotated[
        float,
        typer.Option(min=0.0, help="Simulated seconds that the robot may explore before the first instruction."),
    ] = 0.0,
    map_file: Annotated[
        Path | None, typer.Option("--map", help="Long-term memory to begin with, from `karma graph build`.")
    ] = None,
    save_map: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Write long-term memory there at the end: the graph, with habits; for --map."
        ),
    ] = None,
    milestones: Annotated[
        Path | None,
        typer.Option(help="YAML: one list of milestones for each instruction, for the judge (docs/tasks.md)."),
    ] = None,
    experience: Annotated[
        Path | None,
        typer.Option(help="Keep what the tasks teach there, and begin with what it holds (karma experience)."),
    ] = None,
    task: Annotated[
        str | None,
        typer.Option(metavar="FILE[:ID]", help="A task: scene, set-up, instructions and milestones all from there."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of all that is drawn.")] = 0,
    noise: Noise = "",
    disturb: Disturb = "",
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the results there; - for the screen.")
    ] = None,
    ros: Annotated[bool, typer.Option("--ros", help="Run as ROS 2 nodes over DDS instead of in this process.")] = False,
    real_thor: RealThor = False,
    quiet: Quiet = False,
) -> None:
    """Tell a robot what to do in a home, in your own words.

    The robot begins in the scene's starting place knowing nothing of it, unless a map is given, and explores when it
    has to. It knows only what its camera has shown. With milestones, a judge that reads the simulator's ground truth
    says, beside the robot's own word, whether each instruction was carried out; the exit code is then 0 only if all
    were, and otherwise only if the robot claims them all.
    """
    from karma_cli.run import RunRequest, run_instructions

    request = RunRequest(
        instructions=tuple(instructions or ()),
        scene=scene,
        planner=planner.value,
        memory=memory.value,
        capacity=capacity,
        policy=policy,
        explore=explore,
        map_file=map_file,
        save_map=save_map,
        milestones=milestones,
        task=task,
        seed=seed,
        noise=noise,
        disturb=disturb,
        json_file=json_file,
        real_thor=real_thor,
        quiet=quiet,
        ros=ros,
        experience=experience,
    )
    raise typer.Exit(run_instructions(request))


@eval_app.command(
    DefaultGroup.DEFAULT,
    epilog="Example:\n\nkarma eval suite.yaml --memory full,none --seeds 3 --out results",
)
@friendly
def evaluate(
    tasks: Annotated[list[Path] | None, typer.Argument(metavar="[TASKS.yaml …]", help="Task files.")] = None,
    planner: Annotated[
        str, typer.Option(help="Planners to compare, comma-separated; FILE.py:CLASS is your own.")
    ] = DEFAULT_PLANNER,
    memory: Annotated[
        str, typer.Option(help="Memories to compare, comma-separated (docs/evaluation.md); FILE.py:CLASS is your own.")
    ] = "full,none",
    seeds: Annotated[int, typer.Option(min=1, help="Runs of each task and condition.")] = 1,
    out: Annotated[Path, typer.Option(help="Folder for results.json and report.html.")] = Path("karma_results"),
    jobs: Annotated[int | None, typer.Option(min=1, help="Runs at a time; by default one a core.")] = None,
    policy: Annotated[str, typer.Option(help="Replacement policies to compare, comma-separated.")] = "",
    capacity: Annotated[str, typer.Option(help="Capacities of short-term memory, comma-separated.")] = "",
    archive: Annotated[
        bool, typer.Option("--archive/--no-archive", help="Keep what short-term memory gives up; the paper does not.")
    ] = True,
    noise: Noise = "",
    disturb: Disturb = "",
    quick: Annotated[bool, typer.Option("--quick", help="A small suite, for a look and for CI.")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Only check that the tasks fit their scenes and can be carried out.")
    ] = False,
    sample: Annotated[
        int | None, typer.Option(min=1, help="Take only so many tasks of each file, the same ones every time.")
    ] = None,
    pictures: Pictures = 8,
    real_thor: RealThor = False,
) -> None:
    """Run task suites under several memories and compare them.

    Without task files: all suites that ship. What the results folder holds already is not run again, so a killed
    evaluation goes on where it stopped.
    """
    from karma_cli.evaluate import check_suites, choose_suites, run_suites

    suites = choose_suites(tasks or [], quick=quick)
    if check:
        raise typer.Exit(check_suites(suites, jobs=jobs, sample=sample))
    raise typer.Exit(
        run_suites(
            suites,
            planner=planner,
            memory=memory,
            seeds=seeds,
            out=out,
            jobs=jobs,
            sample=sample,
            policy=policy,
            capacity=capacity,
            archive=archive,
            noise=noise,
            disturb=disturb,
            real_thor=real_thor,
            pictures=pictures,
        )
    )


@eval_app.command("report", epilog="Example:\n\nkarma eval report karma_results")
@friendly
def eval_report(
    folder: Annotated[Path, typer.Argument(help="Results folder of karma eval.")],
    pictures: Pictures = 8,
    jobs: Annotated[int | None, typer.Option(min=1, help="Simulators at a time; by default one a core.")] = None,
) -> None:
    """Write results.json and report.html anew, from all runs that a results folder holds."""
    from karma_cli.evaluate import report_runs

    raise typer.Exit(report_runs(folder, jobs=jobs, pictures=pictures))


@eval_app.command("qa", epilog="Example:\n\nkarma eval qa --memory karma,emem --json answers.json")
@friendly
def evaluate_answers(
    homes: Annotated[list[str] | None, typer.Argument(metavar="[SCENE …]", help="Homes; 36 by default.")] = None,
    questions: Annotated[int, typer.Option(min=1, help="How many, over all homes.")] = 1500,
    memory: Annotated[
        str, typer.Option(help="Who is asked, comma-separated: karma, emem (to be installed), last seen.")
    ] = "karma,last seen",
    seed: Annotated[int, typer.Option(help="Seed of the histories and of the choice of questions.")] = 0,
    jobs: Annotated[int, typer.Option(min=1, help="Homes at a time.")] = 1,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write every question and answer there.")
    ] = None,
    kept: Annotated[
        Path | None,
        typer.Option("--keep", metavar="FILE", help="Keep each home that is done there, and go on from it."),
    ] = None,
) -> None:
    """Ask memories about finished histories: where, when, what state, how many, in which order, never seen.

    In every home a robot makes four visits, between which somebody else changes things. Right answers come from what
    its camera showed; for what moved unseen that is the place where it was seen last.
    """
    from karma_cli.qa import run_exam

    raise typer.Exit(
        run_exam(
            homes=homes or [],
            questions=questions,
            memories=memory,
            seed=seed,
            jobs=jobs,
            json_file=json_file,
            kept=kept,
        )
    )


@eval_app.command("replay", epilog="Example:\n\nkarma eval replay karma_results:complex-03")
@friendly
def eval_replay(
    run: Annotated[
        str, typer.Argument(metavar="FOLDER[:RUN]", help="A run's id, its task's id or its line in runs.jsonl.")
    ],
) -> None:
    """Do a run again from its record and compare the two, action by action."""
    from karma_cli.evaluate import replay_run

    raise typer.Exit(replay_run(run))


@eval_app.command(
    "import-alfred",
    epilog="Examples:\n\nkarma eval import-alfred json_2.1.0/valid_unseen --sample 100 --out alfred.yaml\n\n"
    "karma eval import-alfred alfred_train.jsonl.gz --histories 20 --length 20 --out histories.yaml",
)
@friendly
def eval_import_alfred(
    data: Annotated[
        Path,
        typer.Argument(
            metavar="DATA",
            help="Folder of ALFRED's public download, or a file with one record a line (.jsonl, .jsonl.gz).",
        ),
    ],
    out: Annotated[Path, typer.Option(help="Task file to write.")] = Path("alfred.yaml"),
    sample: Annotated[int | None, typer.Option(min=1, help="Take only so many records, drawn with the seed.")] = None,
    histories: Annotated[int, typer.Option(min=0, help="Build so many long histories instead of single tasks.")] = 0,
    length: Annotated[int, typer.Option(min=2, help="Instructions in each history.")] = 20,
    seed: Annotated[int, typer.Option(help="Of all that is drawn.")] = 0,
    proved: Annotated[
        bool, typer.Option("--proved", help="Keep only tasks that an oracle can carry out; histories always are.")
    ] = False,
    sha256: Annotated[str | None, typer.Option(help="Refuse DATA of another SHA-256.")] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Simulators at a time; by default one a core.")] = None,
) -> None:
    """Turn ALFRED's records into tasks, or into long histories of one home, in the words of its people.

    What does not fit AI2-THOR 5.0's floor plans is skipped and counted with the reason.
    """
    from karma_cli.import_alfred import ImportRequest, import_alfred

    request = ImportRequest(
        data=data,
        out=out,
        sample=sample,
        histories=histories,
        length=length,
        seed=seed,
        proved=proved,
        sha256=sha256,
        jobs=jobs,
    )
    raise typer.Exit(import_alfred(request))


@app.command(rich_help_panel="Look inside", epilog='Example:\n\necho "Wash the red fruit." | karma parse')
@friendly
def parse(
    output_format: Annotated[
        str | None, typer.Option("--format", help="alfred: ALFRED's goal fields, for its benchmark.")
    ] = None,
) -> None:
    """Read instructions on standard input, one a line; print how each is understood, one JSON object a line."""
    from karma_cli.parse import parse_lines

    raise typer.Exit(parse_lines(output_format))


@graph_app.command("build", epilog="Example:\n\nkarma graph build --scene FloorPlan1 --out home.json")
@friendly
def graph_build(
    out: Annotated[Path, typer.Option(help="File to write.")],
    scene: Scene = "FloorPlan1",
    seconds: Annotated[float, typer.Option(min=1.0, help="Simulated seconds to explore at most.")] = 3600.0,
    open_containers: Annotated[
        bool, typer.Option("--open-containers", help="Look into cupboards, drawers and the like as well.")
    ] = False,
    png: Annotated[bool, typer.Option("--png/--no-png", help="Draw the map beside the file.")] = True,
    real_thor: RealThor = False,
    quiet: Quiet = False,
) -> None:
    """Let a robot explore a scene, and save the scene graph that it built."""
    from karma_cli.graph import build

    raise typer.Exit(
        build(
            scene,
            out,
            seconds=seconds,
            open_containers=open_containers,
            picture=png,
            real_thor=real_thor,
            quiet=quiet,
        )
    )


@graph_app.command("show", epilog="Example:\n\nkarma graph show home.json --png home.png")
@friendly
def graph_show(
    path: Annotated[Path, typer.Argument(help="A saved scene graph.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print rooms, areas and objects as JSON.")] = False,
    png: Annotated[Path | None, typer.Option(help="Draw the map there.")] = None,
) -> None:
    """Show what a saved scene graph holds."""
    from karma_cli.graph import show

    raise typer.Exit(show(path, as_json=as_json, png=png))


class GraphFormat(StrEnum):
    """Formats of other tools' scene graphs."""

    SPARK_DSG = "spark-dsg"
    GRAPHML = "graphml"


@graph_app.command("export", epilog="Example:\n\nkarma graph export home.json --out home.graphml")
@friendly
def graph_export(
    path: Annotated[Path, typer.Argument(help="A saved scene graph.")],
    out: Annotated[Path, typer.Option(help="File to write: .graphml, or .json for Spark-DSG.")],
    form: Annotated[GraphFormat | None, typer.Option("--format", help="By the file's name unless given.")] = None,
) -> None:
    """Write a saved scene graph for other tools: Spark-DSG (Hydra, Khronos) or GraphML (networkx, Gephi, yEd)."""
    from karma_cli.graph import export

    raise typer.Exit(export(path, out, form))


@graph_app.command("import", epilog="Example:\n\nkarma graph import apartment_dsg.json --out apartment.json")
@friendly
def graph_import(
    path: Annotated[Path, typer.Argument(help="A graph of Spark-DSG, or GraphML.")],
    out: Annotated[Path, typer.Option(help="Scene graph to write.")],
    form: Annotated[GraphFormat | None, typer.Option("--format", help="By the file's name unless given.")] = None,
) -> None:
    """Save another tool's scene graph as one of ours; all that it holds beside comes back when it is exported."""
    from karma_cli.graph import take_in

    raise typer.Exit(take_in(path, out, form))


Kept = Annotated[Path, typer.Argument(metavar="FILE", help="From `karma run --experience` or the planner node.")]


@experience_app.command("show", epilog="Example:\n\nkarma experience show home.experience")
@friendly
def experience_show(
    file: Kept, as_json: Annotated[bool, typer.Option("--json", help="Print all of it as JSON.")] = False
) -> None:
    """Show plans that worked, what failed and why, and which places did not take what."""
    from karma_cli.experience import show

    raise typer.Exit(show(file, as_json=as_json))


@experience_app.command("forget", epilog="Example:\n\nkarma experience forget home.experience --tip 3 --like pills")
@friendly
def experience_forget(
    file: Kept,
    tip: Annotated[list[int] | None, typer.Option(help="Number of a tip; may be repeated.")] = None,
    example: Annotated[list[int] | None, typer.Option(help="Number of an example; may be repeated.")] = None,
    like: Annotated[str | None, typer.Option(help="Everything that mentions this word or phrase.")] = None,
) -> None:
    """Forget tips and examples by number, or all that mentions a word."""
    from karma_cli.experience import forget

    raise typer.Exit(forget(file, tips=tip or [], examples=example or [], like=like))


@app.command(
    rich_help_panel="Measure",
    epilog="Example:\n\nkarma policies trace.txt.gz --format text --capacity 25 --policy lru,wtinylfu,opt",
)
@friendly
def policies(
    trace: Annotated[Path, typer.Argument(help="Request trace; .gz and .xz are unpacked.")],
    trace_format: Annotated[
        str, typer.Option("--format", help="lirs, cache2k, text (one key a line), or alfred (tasks: what is touched).")
    ] = "text",
    capacity: Annotated[str, typer.Option(help="Keys that the cache holds; several with commas between.")] = "25",
    policy: Annotated[
        str | None, typer.Option(help="Policies to compare, comma-separated; opt is the bound. All by default.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    seed: Annotated[int, typer.Option(help="Order of homes and tasks, for the format alfred.")] = 0,
    plot: Annotated[Path | None, typer.Option(help="Draw hit rates over capacities there.")] = None,
) -> None:
    """Measure the hit rates of replacement policies on a trace of requests."""
    from karma_cli.policies import compare

    code = compare(
        trace,
        trace_format=trace_format,
        capacity=capacity,
        policy=policy,
        as_json=as_json,
        seed=seed,
        plot=plot,
    )
    raise typer.Exit(code)


@app.command(rich_help_panel="Measure", epilog="Example:\n\nkarma bench sim --json sim.json")
@friendly
def bench(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME …]", help="Benchmarks; all by default.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the figures there.")] = None,
    scenes: Annotated[int | None, typer.Option(min=1, help="graph_build: floor plans, spread over all.")] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="graph_build: floor plans at a time.")] = None,
    out: Annotated[Path | None, typer.Option(help="graph_build: folder of results, from which it goes on.")] = None,
) -> None:
    """Run the project's benchmarks."""
    from karma_cli.bench import run_benchmarks

    options = {"scenes": scenes, "jobs": jobs, "out": out}
    given = {name: value for name, value in options.items() if value is not None}
    raise typer.Exit(run_benchmarks(names or [], json_file, given))


@sim_app.command("view", epilog="Example:\n\nkarma sim view --scene FloorPlan201 --out living_room.png")
@friendly
def sim_view(
    scene: Scene = "FloorPlan1",
    out: Annotated[Path | None, typer.Option(help="Picture to write; SCENE.png by default.")] = None,
    real_thor: RealThor = False,
) -> None:
    """Save a contact sheet of a scene: the robot's four views, and the scene from above."""
    from karma_cli.view import contact_sheet

    raise typer.Exit(contact_sheet(scene, out, real_thor=real_thor))


@app.command(
    "train-parser",
    rich_help_panel="Measure",
    epilog="Example:\n\nkarma train-parser ../shared/data/alfred_train.jsonl.gz",
)
@friendly
def train_parser(
    data: Annotated[Path, typer.Argument(help="ALFRED's annotations, alfred_train.jsonl.gz.")],
    out: Annotated[Path | None, typer.Option(help="Weights to write; those of the learned planner by default.")] = None,
    work: Annotated[
        Path | None, typer.Option(help="Folder for checkpoints; beside the weights, ending in .work, by default.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the split into floor plans and of training.")] = 0,
    threads: Annotated[int, typer.Option(min=1, help="Processor threads to use.")] = 1,
) -> None:
    """Train the instruction parser of the learned planner, and measure it on floor plans that it has not seen.

    Needs torch, and about half an hour of one idle core. A run that was cut off goes on where it was.
    """
    import logging

    from planner_node.learned.model import WEIGHTS
    from planner_node.learned.train import main

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    main(data, out or WEIGHTS, work=work, seed=seed, threads=threads)


@app.command(
    "train-orders", rich_help_panel="Measure", epilog="Example:\n\nkarma train-orders --out orders.safetensors"
)
@friendly
def train_orders(
    out: Annotated[Path | None, typer.Option(help="Weights to write; those of the learned planner by default.")] = None,
    corpus: Annotated[
        Path | None, typer.Option(help="Instructions with their orders; the package's by default.")
    ] = None,
    phrases: Annotated[Path | None, typer.Option(help="Words for things; the package's by default.")] = None,
    start: Annotated[Path | None, typer.Option(help="Weights to go on from; by default MiniLM's.")] = None,
    seed: Annotated[int, typer.Option(help="Of what is held out and of training.")] = 0,
    threads: Annotated[int, typer.Option(min=1, help="Processor threads to use.")] = 1,
) -> None:
    """Train the reader of oddly worded orders, and measure it on texts that it has not seen.

    Needs torch, and about a quarter of an hour of one idle core.
    """
    import logging

    from planner_node.orders.corpus import CORPUS, PHRASES
    from planner_node.orders.reader import WEIGHTS
    from planner_node.orders.train import main

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    main(
        out or WEIGHTS,
        corpus=corpus or CORPUS,
        phrases=phrases or PHRASES,
        start=start,
        seed=seed,
        threads=threads,
    )
