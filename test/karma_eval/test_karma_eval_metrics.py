import pytest

from karma_eval import metrics
from karma_eval.report import markdown_table, write_report


def run(task="a", *, memory="full", judged=True, seconds=50.0, explored=1, needed=2, recalled=2, seed=0):
    needs = {"needed": needed, "recalled": recalled, "returned": 4, "useful": recalled}
    item = {
        "instruction": "Wash the <apple>.",
        "claimed": True,
        "judged": judged,
        "reason": "",
        "judge_error": None,
        "harm": [],
        "milestones": [{"milestone": "clean", "met": judged, "stamp": 1.0 if judged else None}],
        "needs": needs,
        "seconds": seconds,
        "uses": 4,
        "hits": 3,
    }
    return {
        "task": task,
        "class": "simple",
        "memory": memory,
        "planner": "rules",
        "policy": None,
        "capacity": 25,
        "seed": seed,
        "judged": judged,
        "seconds": seconds,
        "explored": explored,
        "instructions": [item],
    }


def test_success_leaves_out_what_was_not_judged():
    assert metrics.success_rate([run(), run(judged=False), run(judged=None)]) == 0.5
    assert metrics.success_rate([run(judged=None)]) is None


def test_recall_counts_instructions_for_which_everything_was_returned():
    runs = [run(), run(recalled=1), run(needed=0, recalled=0)]
    assert metrics.mean_recall(runs) == 0.5
    assert metrics.recall_precision(runs) == pytest.approx(3 / 8)


def test_saving_is_the_ratio_of_sums_and_leaves_out_nothing_to_save():
    runs = [run("a", explored=1), run("b", explored=0), run("c", explored=2)]
    reference = {(t, 0): run(t, memory="none", explored=e) for t, e in (("a", 4), ("b", 0), ("c", 2))}
    share, left_out = metrics.saved(runs, reference, "explored", limit=10)
    assert share == pytest.approx((6 - 3) / 6)
    assert left_out == 1


def test_giving_up_early_saves_nothing():
    runs = [run("a", judged=False, seconds=5.0)]
    reference = {("a", 0): run("a", memory="none", seconds=100.0)}
    assert metrics.saved(runs, reference, "seconds", limit=100.0)[0] == 0.0


def test_intervals_hold_the_figure_and_repeat_for_a_seed():
    runs = [run(judged=n % 3 > 0) for n in range(30)]
    first = metrics.bootstrap(runs, metrics.success_rate, seed=1)
    assert first == metrics.bootstrap(runs, metrics.success_rate, seed=1)
    assert first.low < first.value < first.high
    assert metrics.bootstrap(runs[:1], metrics.success_rate).low is None


def test_paired_differences_are_tested():
    same, better = [10.0, 20.0, 30.0] * 4, [5.0, 12.0, 21.0] * 4
    assert metrics.paired_p_value(same, same) is None
    assert metrics.paired_p_value(same, better) < 0.01


def test_the_summary_compares_with_the_reference():
    runs = [run(t, seconds=50.0) for t in "abc"] + [run(t, memory="none", seconds=100.0) for t in "abc"]
    full, none = metrics.summarise(runs)
    assert (full["memory"], none["memory"]) == ("full", "none")
    assert full["RT"] == pytest.approx(0.5)
    assert full["speedup"] == pytest.approx(2.0)
    assert none["RT"] == pytest.approx(0.0)
    assert full["SR_ci"] == [1.0, 1.0]


def test_the_bound_is_the_omniscient_run():
    runs = [run(t, seconds=60.0) for t in "abc"] + [run(t, memory="none", seconds=100.0) for t in "abc"]
    runs += [run(t, memory="omniscient", seconds=20.0) for t in "abc"]
    full = next(row for row in metrics.summarise(runs) if row["memory"] == "full")
    assert full["RT"] == pytest.approx(0.4)
    assert full["RT_of_bound"] == pytest.approx(0.5)
    assert full["RT_of_bound_ci"] == pytest.approx([0.5, 0.5])
    assert full["p_seconds"] is not None
    assert full.get("p_seconds_full") is None


def test_the_share_of_the_bound_has_an_interval_and_pairs_that_lack_a_partner_are_left_out():
    seconds = {"a": (60.0, 100.0, 20.0), "b": (90.0, 100.0, 80.0), "c": (30.0, 100.0, 20.0)}
    runs = []
    for task, (mine, reference, bound) in seconds.items():
        runs += [run(task, seconds=mine), run(task, memory="none", seconds=reference)]
        runs.append(run(task, memory="omniscient", seconds=bound))
    runs.append(run("d", seconds=1.0))
    full = next(row for row in metrics.summarise(runs) if row["memory"] == "full")
    assert full["RT_of_bound"] == pytest.approx((40 + 10 + 70) / (80 + 20 + 80))
    low, high = full["RT_of_bound_ci"]
    assert low < full["RT_of_bound"] < high


def test_a_saving_that_the_bound_does_not_reach_either_is_no_share():
    runs = [run("a", memory=m, seconds=50.0) for m in ("full", "none", "omniscient")]
    full = next(row for row in metrics.summarise(runs) if row["memory"] == "full")
    assert full["RT_of_bound"] is None


def test_the_speed_up_is_plain_and_stands_beside_that_of_what_both_carried_out():
    slow, fast = run("a", memory="none", seconds=100.0), run("a", judged=False, seconds=10.0)
    slow2, fast2 = run("b", memory="none", seconds=100.0), run("b", seconds=50.0)
    full = next(r for r in metrics.summarise([slow, fast, slow2, fast2]) if r["memory"] == "full")
    assert full["speedup"] == pytest.approx(200 / 60)
    assert full["speedup_both"] == pytest.approx(2.0)
    assert full["RT"] == pytest.approx((200 - 100 - 50) / 200)  # there a failure is charged the limit


def test_every_memory_is_tested_against_full_memory():
    runs = [run(f"t{n}", seconds=50.0) for n in range(8)]
    runs += [run(f"t{n}", memory="no-stm", seconds=80.0, judged=n == 0) for n in range(8)]
    no_stm = next(r for r in metrics.summarise(runs) if r["memory"] == "no-stm")
    assert no_stm["p_seconds_full"] < 0.02
    assert no_stm["p_SR_full"] < 0.05
    assert "p_seconds" not in no_stm


def test_stale_memories_wrong_objects_and_false_claims_are_counted():
    good, bad = run("a"), run("b", judged=False)
    good["instructions"][0] |= {"stale": 2, "recovered": 1}
    bad["side_effects"] = [{"label": "Mug"}]
    (row,) = metrics.summarise([good, bad])
    assert row["recovery"] == 0.5
    assert row["stale"] == 1.0
    assert row["wrong_objects"] == 0.5
    assert row["false_claims"] == 0.5


def test_capacities_are_compared_in_a_picture_and_in_words(tmp_path):
    runs = []
    sweep = [
        ("fifo", 5, 1),
        ("fifo", 25, 4),
        ("karma", 10, 2),
        ("karma:window=0.9", 10, 3),
        ("karma:protected=0", 10, 4),
    ]
    for policy, capacity, hits in sweep:
        for task in "ab":
            runs.append({**run(task, explored=9 - hits), "capacity": capacity, "policy": policy, "archive": False})
            runs[-1]["instructions"] = [dict(runs[-1]["instructions"][0], hits=hits)]
    runs += [run(task, memory="none", explored=9) for task in "ab"]
    runs += [{**run(task), "archive": True, "capacity": 25} for task in "ab"]  # no part of the sweep
    page = write_report(metrics.summarise(runs), runs, tmp_path).read_text()
    assert "here it grew 4.0-fold, from 0.25 to 1.00" in page
    assert "2 + 8: 0.50, 9 + 1: 0.75, so that 9 + 1 is best" in page
    assert "over 5 policies and capacities, a line (slope 0.44) explains 100% of how RE varies" in page
    assert page.count("<svg") == 2


def test_the_report_is_one_page_that_escapes_what_people_said(tmp_path):
    runs = [run("a"), run("b", judged=False)]
    page = write_report(metrics.summarise(runs), runs, tmp_path).read_text()
    assert "Wash the &lt;apple&gt;." in page
    assert "<apple>" not in page
    assert "http" not in page.replace("http-equiv", "")
    assert "| simple | full |" in markdown_table(metrics.summarise(runs))
