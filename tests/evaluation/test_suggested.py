"""What suggestions did to people's words, on words that are made up so that the answer is known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fsl_demo.evaluation.suggested import LEAST, Share, Word, report


def word(picture: int, says: str | None, suggestion: str | None = "cat", **more: object) -> Word:
    made = Word(
        str(picture), "Ada", says=says, suggestion=suggestion, shown=True, time=f"2026-11-{1 + picture // 20:02}"
    )
    return replace(made, **more)  # type: ignore[arg-type]


def test_agreement_with_and_without_the_suggestion_on_view() -> None:
    shown = [word(n, "cat" if n < 18 else "dog") for n in range(20)]
    blind = [word(n, "cat" if n < 30 else None, shown=False) for n in range(20, 40)]
    told = report([*shown, *blind]).all
    assert (told.shown, told.blind, told.accepted) == (Share(18, 20), Share(10, 20), 18)
    gap = told.gap
    assert gap is not None and gap.mean == pytest.approx(0.4)
    # Newcombe's method 10 from Wilson's ends: 0.699, 0.972 and 0.299, 0.701
    assert (gap.low, gap.high) == pytest.approx((0.116, 0.614), abs=0.002)


def test_few_words_tell_nothing() -> None:
    told = report([word(n, "cat") for n in range(LEAST - 1)])
    assert told.all.shown.interval is None and told.all.gap is None and not told.periods
    assert report([word(n, "cat") for n in range(LEAST)]).all.shown.interval is not None


def test_a_wrong_suggestion_is_known_by_the_same_persons_later_word() -> None:
    accepted = [word(n, "cat") for n in range(3)]
    changed = word(1, "dog", time="2026-12-24")
    assert report([*accepted, changed]).all.wrong == Share(1, 1)
    again = word(2, "cat", time="2026-12-24")  # whoever says it twice has not checked it
    assert report([*accepted, changed, again]).all.wrong == Share(1, 1)


def test_a_wrong_suggestion_is_known_by_what_others_say() -> None:
    accepted = word(0, "cat")
    bea, cem = (word(0, "dog", None, annotator=name) for name in ("Bea", "Cem"))
    assert report([accepted, bea]).all.wrong == Share(1, 1)
    assert report([accepted, replace(bea, says="cat")]).all.wrong == Share(0, 1)
    assert report([accepted, bea, replace(cem, says="cat")]).all.wrong == Share(0, 0), "divided"
    assert report([accepted, bea, cem, replace(cem, annotator="Dan", says="cat")]).all.wrong == Share(1, 1)


def test_the_word_that_settled_a_picture_counts_before_all_others() -> None:
    settled = word(0, "cat", None, annotator="Eve", settles=True, time="2027-01-01")
    words = [word(0, "cat"), word(0, "dog", None, annotator="Bea"), settled]
    told = report(words)
    assert told.all.wrong == Share(0, 1)
    assert [group.name for group in told.people] == ["Ada"], "words without a suggestion are nobody's blind spot"


def test_an_accepted_word_that_nobody_looked_at_again_is_not_called_right() -> None:
    told = report([word(n, "cat") for n in range(50)])
    assert told.all.wrong == Share(0, 0) and told.all.wrong.interval is None and told.all.accepted == 50


def test_by_person_and_over_time() -> None:
    ada = [word(n, "cat" if n < 20 else "dog") for n in range(40)]
    bea = [word(n, "cat", annotator="Bea") for n in range(40, 60)]
    told = report([*reversed(bea), *ada])
    assert [(group.name, group.spots.shown) for group in told.people] == [
        ("Ada", Share(20, 40)),
        ("Bea", Share(20, 20)),
    ]
    assert [group.spots.shown.whole for group in told.periods] == [10] * 6
    assert [group.spots.shown.part for group in told.periods] == [10, 10, 0, 0, 10, 10]
    assert told.periods[0].name == "2026-11-01" and told.periods[-1].name == "2026-11-03"
