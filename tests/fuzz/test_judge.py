"""The judge can say no: to each thing an answer may not be, and to what is no answer at all."""

import socket
from threading import Thread

import pytest

from tests.fuzz.cast import CANARY
from tests.fuzz.judge import ALL_HEADERS, find_faults
from tests.fuzz.recipe import Framing, Recipe, load_recipe
from tests.fuzz.talk import Ending, Exchange, send
from tests.web.raw import Reply

ASKED = Recipe(role="nobody", endpoint="GET /", line="GET / HTTP/1.1")
SENT = Recipe(role="auditor", endpoint="POST /check", line="POST /check HTTP/1.1", body="a=b", spoilt="token")
HEADERS = {**ALL_HEADERS, "Cache-Control": "no-store", "Content-Type": "text/html; charset=utf-8"}
HEAD = "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items())


def answer(status: int = 200, body: str = "<h1>All is well</h1>", **changed: str | None) -> Reply:
    headers = HEADERS | {name.replace("_", "-"): value for name, value in changed.items()}
    return Reply(status, tuple((name, value) for name, value in headers.items() if value is not None), body.encode())


def judge(reply: Reply, recipe: Recipe = ASKED) -> list[str]:
    return find_faults(recipe, Exchange(Ending.ANSWERED, (reply,)))


def test_a_right_answer_is_right() -> None:
    assert judge(answer()) == []
    assert judge(answer(503, Retry_After="60")) == []
    assert judge(answer(400), SENT) == []


@pytest.mark.parametrize(
    ("reply", "sentence"),
    [
        (answer(500), "status 500"),
        (answer(503), "status 503"),
        (answer(X_Frame_Options=None), "X-Frame-Options is missing or wrong"),
        (answer(Content_Security_Policy="default-src *"), "Content-Security-Policy is missing or wrong"),
        (answer(Cache_Control="public"), "may be kept by a cache"),
        (answer(Cache_Control=None), "Cache-Control is missing, or there twice"),
        (answer(Server="waitress"), "has a header that it must not have"),
        (answer(X_Fz="1"), "has a header that it must not have"),
        (answer(Location="/<fz>"), "repeats what was sent in a header"),
        (answer(body="<p><fz\"'></p>"), "repeats '<fz' as it was sent"),
        (
            answer(body="<pre>Traceback (most recent call last)"),
            "shows what the program is made of: 'Traceback (most recent'",
        ),
        (answer(body=f"<p>{CANARY}</p>"), "shows another patient's answer"),
    ],
)
def test_a_wrong_answer_is_named(reply: Reply, sentence: str) -> None:
    assert judge(reply) == [sentence]


def test_a_form_that_was_taken_against_the_rules_is_named() -> None:
    assert judge(answer(303, Location="/done"), SENT) == ["done (303) though its token was wrong"]


@pytest.mark.parametrize("ending", [Ending.CLOSED, Ending.RESET, Ending.SILENT])
def test_no_answer_is_named_where_there_had_to_be_one(ending: Ending) -> None:
    assert find_faults(ASKED, Exchange(ending)) == [str(ending)]


@pytest.mark.parametrize(
    ("said", "ending"),
    [
        (f"HTTP/1.1 200 OK\r\n{HEAD}Content-Length: 2\r\n\r\nok", Ending.ANSWERED),
        (f"HTTP/1.1 200 OK\r\n{HEAD}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", Ending.ANSWERED),
        (f"HTTP/1.1 200 OK\r\n{HEAD}Content-Length: 9\r\n\r\nok", Ending.GARBLED),
        (f"HTTP/1.1 200 OK\r\n{HEAD}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n", Ending.GARBLED),
        ("HTTP/1.1 200 OK\r\nno header\r\n\r\n", Ending.GARBLED),
        ("HTTP/1.1 200 OK\r\nX: \x01\r\n\r\n", Ending.GARBLED),
        ("<h1>It works</h1>\r\n\r\n", Ending.GARBLED),
        ("HTTP/1.1 200 OK\r\n", Ending.GARBLED),
        ("", Ending.CLOSED),
    ],
)
def test_only_http_is_an_answer(said: str, ending: Ending) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = Thread(target=_answer_once, args=(listener, said.encode()))
        thread.start()
        exchange = send(listener.getsockname()[1], ASKED, ASKED.write({"nobody": {}}), 20)
        thread.join()
    assert exchange.ending is ending


def _answer_once(listener: socket.socket, said: bytes) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.recv(1 << 16)
        connection.sendall(said)


def test_a_recipe_comes_back_out_of_its_file() -> None:
    recipe = Recipe(
        role="lead",
        endpoint="POST /check",
        line="POST /check HTTP/1.1",
        headers=(("Cookie", "@@cookie:auditor@@"), ("X", "\xff")),
        body="csrf_token=@@token@@&a=\x00",
        framing=Framing.TWICE,
        how=("change_value",),
    )
    assert load_recipe(recipe.dump()) == recipe
    known = {"lead": {"token": "t"}, "auditor": {"cookie": "c=1"}}
    assert recipe.write(known) == (
        b"POST /check HTTP/1.1\r\nCookie: c=1\r\nX: \xff\r\nContent-Length: 16\r\nContent-Length: 17\r\n\r\n"
        b"csrf_token=t&a=\x00"
    )
