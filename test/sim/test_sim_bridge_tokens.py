from sim.tokens import TokenTable


def test_reissued_tokens_are_new_in_every_frame_and_only_the_newest_resolve():
    table = TokenTable()
    first = table.issue(1, ["Apple|1", "Mug|2"])
    second = table.issue(2, ["Mug|2", "Apple|1"])
    assert set(first.values()).isdisjoint(second.values())
    assert table.resolve(second["Apple|1"]) == "Apple|1"
    assert table.resolve(first["Apple|1"]) is None
    assert table.resolve(None) is None


def test_tokens_hold_nothing_of_the_simulators_ids():
    one = TokenTable().issue(7, ["Apple|-00.47|+01.15|+00.48", "Mug|1"])
    other = TokenTable().issue(7, ["Pan|+09.00|+09.00|+09.00", "Fork|2"])
    assert list(one.values()) == list(other.values())


def test_lasting_tokens_stay_with_their_object_but_die_out_of_sight():
    table = TokenTable(reissue=False)
    first = table.issue(1, ["Apple|1"])
    table.issue(2, ["Mug|2"])
    assert table.resolve(first["Apple|1"]) is None
    third = table.issue(3, ["Mug|2", "Apple|1"])
    assert third["Apple|1"] == first["Apple|1"]


def test_the_judge_can_look_behind_any_token_ever_issued():
    table = TokenTable()
    first = table.issue(1, ["Apple|1"])
    table.issue(2, ["Mug|2"])
    assert table.reveal(first["Apple|1"]) == "Apple|1"
    assert table.reveal("nonsense") is None
