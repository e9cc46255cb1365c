// A step in one round trip: a post's answer takes the page's place. All works the same without.

const here = () => location.href.split("#")[0];
let shown = here(), busy;

const tell = (form, ...words) => {
  form.querySelector("[role=alert]")?.remove();
  const note = document.createElement("div");
  Object.assign(note, { className: "notice", role: "alert", tabIndex: -1 });
  note.append(...words);
  form.prepend(note);
  note.focus();
};

const show = (page, to) => {
  if (new URL(to, shown) != shown) history.pushState(0, "", to);
  document.title = page.title;
  document.body.replaceWith(page.body);
  shown = here();
  const first = document.querySelector("[autofocus], h1");
  first.tabIndex = -1;
  first.focus();
  scrollTo(0, 0);
  // As the browser does: to what was changed.
  if (location.hash && !first.autofocus) location.replace(location.hash);
};

addEventListener("submit", async (event) => {
  const { target: form, submitter: button } = event;
  // Other buttons are for the browser.
  if (!form.dataset.step || button?.value != "save") return;
  event.preventDefault();
  if (busy) return;
  busy = 1;
  try {
    const answer = await fetch(form.getAttribute("action"), {
      method: "POST", headers: { "X-Foreword-Step": "1" }, signal: AbortSignal.timeout?.(2e4),
      body: new URLSearchParams(new FormData(form, button)),
    });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    // What could not be saved stays as it was typed.
    if (!answer.ok && !page.forms.length) tell(form, ...page.querySelectorAll("main>:not(.away)"));
    else show(page, answer.headers.get("Content-Location") ?? answer.url);
  } catch {
    tell(form, form.dataset.step);
    delete form.dataset.step; // The next press is the browser's.
  }
  busy = 0;
});

addEventListener("popstate", () => here() == shown || location.reload());

addEventListener("click", (event) => {
  const link = event.target.closest("[data-leave]");
  if (link) event.preventDefault(), location.replace(link.href);
});
