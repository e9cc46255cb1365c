// One round trip a step instead of two, where scripts run: the answer to a post is put in place of the page.
// Everything works the same without this file.
"use strict";
{
  let busy = false, shown = location.pathname + location.search;

  const tell = (form, ...content) => {
    const note = document.createElement("div");
    note.className = "notice";
    note.tabIndex = -1;
    note.setAttribute("role", "alert");
    note.append(...content);
    form.prepend(note);
    note.focus();
  };

  const show = (page, address) => {
    document.title = page.title;
    document.body.replaceWith(page.body);
    if (address) history.pushState(null, "", address);
    shown = location.pathname + location.search;
    const target = document.querySelector("[autofocus], h1");
    target.tabIndex = -1;
    target.focus();
    scrollTo(0, 0);
  };

  addEventListener("submit", async (event) => {
    const form = event.target, button = event.submitter;
    // Buttons that change the form itself lead to a place on the page: the browser does that best.
    if (!("step" in form.dataset) || !/^(save)?$/.test(button?.value ?? "")) return;
    event.preventDefault();
    if (busy) return;
    busy = true;
    try {
      const body = new URLSearchParams(new FormData(form));
      if (button?.name) body.append(button.name, button.value);
      const signal = AbortSignal.timeout?.(20000);
      const answer = await fetch(form.getAttribute("action"), { method: "POST", headers: { "X-Foreword-Step": "1" }, body, signal });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      // A page that says that it could not be saved must not take the place of what was typed.
      if (answer.status == 413 || answer.status > 422) tell(form, ...page.querySelector("main").children);
      else show(page, answer.headers.get("Content-Location") ?? (answer.redirected && answer.url));
    } catch {
      delete form.dataset.step; // The next press is the browser's own.
      tell(form, form.dataset.lost ?? "");
    }
    busy = false;
  });

  addEventListener("popstate", () => location.pathname + location.search == shown || location.reload());

  addEventListener("click", (event) => {
    const link = event.target.closest?.("[data-leave]");
    if (!link) return;
    event.preventDefault();
    location.replace(link.href);
  });
}
