"""Bulk work in several processes."""

from __future__ import annotations

from ai4mars_site.toolkit.bulk import each


class Adder:
    """Counts how often it is pickled."""

    sent = 0

    def __init__(self, more: int) -> None:
        self.more = more

    def __getstate__(self) -> dict[str, int]:
        Adder.sent += 1
        return {"more": self.more}

    def __call__(self, number: int) -> int:
        return number + self.more


def test_what_items_have_in_common_is_sent_once_for_all_of_them() -> None:
    assert list(each(Adder(1), range(40), workers=2)) == list(range(1, 41))
    assert Adder.sent == 1
