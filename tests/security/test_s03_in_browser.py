"""security.md S3: a form that another site sends, with everything in it that ours has."""

import pytest

from tests.browser.courier import Courier
from tests.security.other_site import HOSTS, OtherSite
from tests.support.server import Server


@pytest.mark.parametrize("host", HOSTS)
def test_a_form_that_another_site_sends_is_refused_and_stores_nothing(
    host: str, live_server: Server, stranger: Courier, other_site: OtherSite
) -> None:
    # S3: with everything that the form has, its token too
    stranger.open_page("visit")
    form = stranger.find_form()
    fields = {**{name: values[0] for name, values in form.fields.items()}, "age": "99", "action": "save"}
    inputs = "".join(f'<input name="{name}" value="{value}">' for name, value in fields.items())
    submit = "<script>document.forms[0].submit()</script>"
    other_site.pages["/trap"] = f'<form method="post" action="{live_server.url}/questions/1">{inputs}</form>{submit}'
    page = stranger.context.new_page()
    with page.expect_response(lambda response: response.request.method == "POST") as answer:
        page.goto(other_site.name(host, "/trap"))
    assert answer.value.status == 403
    page.get_by_role("heading", name="This came from another website").wait_for()
    stranger.open_page("visit")
    assert stranger.find_form().fields["age"] == ["34"]
    # And the same fields from our own page are saved
    stranger.post("/questions/1", {name: [value] for name, value in fields.items()})
    stranger.open_page("visit")
    assert stranger.find_form().fields["age"] == ["99"]
