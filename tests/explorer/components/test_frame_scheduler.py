"""The images of one pointer position are drawn together, in order, whoever decodes them and however late."""

from __future__ import annotations

DECODERS = """{
  const asked = [];
  const away = (depth) => ({ where: "server", depth, decode: (z, then) => asked.push({ z: [...z], then }) });
  const page = { where: "page", depth: 1 };
  const drawn = [];
  const draw = (codes, values, about) => drawn.push([about, codes.map((z) => z[0]), values]);
  const of = (...decoders) => new it.FrameScheduler(decoders, draw);
  const ask = (frames, about, ...numbers) => frames.request(numbers.map((n) => Float32Array.of(n)), about);
  const answer = (i) => asked[i].then([10 * asked[i].z[0]]);
  %s
}"""


def run(evaluate, body: str):
    return evaluate("latent_pad/frame_scheduler.js", DECODERS % body)


def test_the_page_draws_at_once(evaluate) -> None:
    assert run(evaluate, "const f = of(page, page); ask(f, 'a', 1, 2); return drawn;") == [["a", [1, 2], []]]


def test_a_frame_waits_for_all_of_its_models(evaluate) -> None:
    body = """const f = of(away(1), page, away(1)); ask(f, 'a', 1, 2, 3); answer(0); const before = drawn.length; answer(1);
      return [before, drawn];"""
    assert run(evaluate, body) == [0, [["a", [1, 2, 3], [[10], None, [30]]]]]


def test_while_one_is_awaited_the_newest_waits_and_those_between_are_dropped(evaluate) -> None:
    body = """const f = of(away(1)); for (let i = 1; i < 6; i++) ask(f, i, i);
      const sent = asked.length; answer(0); answer(1); return [sent, asked.length, drawn.map(([about]) => about)];"""
    assert run(evaluate, body) == [1, 2, [1, 5]]


def test_it_is_pending_until_the_newest_gesture_is_drawn(evaluate) -> None:
    body = """const f = of(away(1)); const seen = [f.pending]; for (let i = 1; i < 4; i++) ask(f, i, i);
      for (let i = 0; i < 2; i++) { seen.push(f.pending); answer(i); } return [...seen, f.pending];"""
    assert run(evaluate, body) == [False, True, True, False]


def test_the_code_asked_for_is_the_one_of_then(evaluate) -> None:
    body = """const f = of(away(1)); const z = Float32Array.of(1); f.request([z], 'a'); z[0] = 9; answer(0);
      return drawn;"""
    assert run(evaluate, body) == [["a", [1], [[10]]]]


def test_late_answers_of_overtaken_gestures_are_dropped(evaluate) -> None:
    body = """const f = of(away(4), away(4)); for (let i = 1; i < 4; i++) ask(f, i, i, i);
      answer(4); answer(5); answer(0); answer(1); answer(2); answer(3); return drawn.map(([about]) => about);"""
    assert run(evaluate, body) == [3]


def test_no_two_gestures_mix(evaluate) -> None:
    body = """const f = of(away(2), away(2)); ask(f, 1, 1, 1); ask(f, 2, 2, 2); answer(0); answer(3); answer(2); answer(1);
      return drawn;"""
    assert run(evaluate, body) == [[2, [2, 2], [[20], [20]]]]


def test_a_worker_that_gives_up_leaves_its_work_to_the_page(evaluate) -> None:
    body = """const worker = away(1); const f = of(worker); ask(f, 1, 1); ask(f, 2, 2); worker.where = "page"; answer(0);
      return drawn.map(([about, codes, values]) => [about, codes, values.length]);"""
    assert run(evaluate, body) == [[1, [1], 1], [2, [2], 0]]
