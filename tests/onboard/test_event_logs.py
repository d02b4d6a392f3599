"""Event logs: a row for each step of a case, made into contacts."""

import pytest

from tests.onboard.conftest import lines


class TestEventLogs:
    def log(self, agent=True):
        rows = [["case_id", "activity", "timestamp", *(["agent"] if agent else [])]]
        for n in range(20):
            steps = [
                "Created",
                "Take in charge",
                "Work",
                "Resolved",
                *(["Work", "Closed"] if n % 5 == 0 else []),
            ]
            for place, step in enumerate(steps):
                who = [f"agent {place % 2 if n % 2 else 0}"] if agent else []
                rows.append([f"case {n}", step, f"2026-07-{n + 1:02} 09:{place * 5:02}:00", *who])
        return lines(rows)

    def test_a_case_is_one_contact_with_what_the_log_tells(self, init):
        begun = init({"log.csv": self.log()})
        assert "an event log: 20 cases of 88 steps" in begun.told
        found = begun.rows("interactions")
        assert begun.counts("interactions") == (20, 20)
        assert set(found.wait_seconds) == {300.0}
        assert sorted(set(found.handle_seconds)) == [600.0, 1200.0]
        assert found.transfers.sum() == 10
        assert found.reopened.sum() == 4
        assert found.resolved.sum() == 8  # by one agent alone, and not opened again

    def test_without_agents_steps_are_taken_and_marked(self, init):
        begun = init({"log.csv": self.log(agent=False)})
        assert "each after the first is taken as a transfer" in begun.asked()

    def test_beginnings_and_ends_of_steps(self, init):
        rows = [["case_id", "activity", "start_timestamp", "complete_timestamp"]]
        for n in range(20):
            for at, step in enumerate(["Take in charge", "Resolved"]):
                day = f"2026-07-{n + 1:02}"
                rows.append([f"K{n}", step, f"{day} 09:{at * 2}0:00", f"{day} 09:{at * 2}5:00"])
        found = init({"log.csv": lines(rows)}).rows("interactions")
        # Taken in hand at once, and resolved when the last step ended.
        assert set(found.handle_seconds) == {25 * 60.0}
        assert {f"{each:%H:%M}" for each in found.closed_at} == {"09:25"}

    def test_a_customer_who_is_named_once_is_the_whole_cases(self, init):
        rows = [["case_id", "activity", "timestamp", "customer_id"]]
        for n in range(20):
            who = f"C{n % 5}" if n else ""
            rows.append([f"K{n}", "Created", f"2026-07-{n + 1:02} 09:00", who])
            rows.append([f"K{n}", "Closed", f"2026-07-{n + 1:02} 10:00", ""])
        begun = init({"log.csv": lines(rows)})
        known = {f"C{n}" for n in range(5)}
        assert set(begun.rows("customers").customer_id) == known | {"unknown K0"}
        assert set(begun.rows("accounts").account_id) == known | {"unknown"}
        assert begun.counts("interactions") == (20, 20)

    @pytest.mark.parametrize("names", ["CaseID,ActivityID,CompleteTimestamp", "ticket,status,changed_at",
                                       "case:concept:name,concept:name,time:timestamp"])  # fmt: skip
    def test_names_of_other_systems(self, init, names):
        text = self.log(agent=False).split("\n", 1)[1]
        begun = init({"log.csv": f"{names}\n{text}"})
        assert begun.counts("interactions") == (20, 20)
