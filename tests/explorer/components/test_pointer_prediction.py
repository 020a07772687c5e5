"""The predicted position of the pointer between two events."""

from __future__ import annotations


def at(evaluate, moves: list[list[float]], *times: float):
    expression = """{
      const prediction = new it.PointerPrediction();
      for (const move of moves) prediction.addMove(...move);
      return times.map((time) => prediction.at(time));
    }"""
    return evaluate("latent_pad/pointer_prediction.js", expression, moves=moves, times=times)


def test_between_two_moves_it_goes_on_as_the_last_two_went(evaluate) -> None:
    assert at(evaluate, [[0, 0, 0], [1, -2, 16]], 16, 20, 24) == [[1, -2], [1.25, -2.5], [1.5, -3]]


def test_it_goes_on_by_half_of_the_last_step_and_eight_milliseconds_at_most(evaluate) -> None:
    assert at(evaluate, [[0, 0, 0], [4, 0, 4]], 20) == [[6, 0]]
    assert at(evaluate, [[0, 0, 0], [32, 0, 32]], 60) == [[40, 0]]


def test_a_hand_that_rests_is_where_it_is(evaluate) -> None:
    moves = [[0, 0, 0], [1, 0, 16]]
    assert at(evaluate, moves[:1], 8) == [None]
    assert at(evaluate, moves, 51) == [None]
    assert at(evaluate, [*moves, [2, 0, 100]], 108) == [None]
    assert at(evaluate, [[0, 0, 16], [1, 0, 16]], 20) == [None]
