// Keys for people who read many responses a day. All works the same without, and one press turns them off (WCAG 2.1.4).

const OFF = "foreword-keys-off";
const help = document.querySelector(".keys");
const rows = [...document.querySelectorAll(".list tbody th a")];
const finish = document.querySelector("[data-key=r]");

const move = (step) => {
  const here = rows.indexOf(document.activeElement.closest("tr")?.querySelector("th a"));
  rows[Math.min(Math.max(here + step, 0), rows.length - 1)].focus();
};

const keys = rows.length
  ? { j: () => move(1), k: () => move(-1), r: () => location.reload() }
  : { r: () => finish?.focus() };

addEventListener("keydown", (event) => {
  const { key, target, altKey, ctrlKey, metaKey } = event;
  if (!help || !keys[key] || altKey || ctrlKey || metaKey || localStorage.getItem(OFF)) return;
  if (target.closest("input:not([type=checkbox]), select, textarea")) return;
  event.preventDefault();
  keys[key]();
});

// A note that nobody has saved: the browser asks before it is left behind. What is sent has been taken along.
const review = document.querySelector("#review");
let isSent = false;
review?.addEventListener("submit", () => (isSent = true));
addEventListener("beforeunload", (event) => {
  const isTyped = [...(review?.elements ?? [])].some((box) => box.type === "textarea" && box.value.trim());
  if (isTyped && !isSent) event.preventDefault();
});

const swap = () => {
  for (const part of help.children) [part.textContent, part.dataset.other] = [part.dataset.other, part.textContent];
};

if (help) {
  help.hidden = false;
  if (localStorage.getItem(OFF)) swap();
  help.querySelector("button").addEventListener("click", () => {
    if (localStorage.getItem(OFF)) localStorage.removeItem(OFF);
    else localStorage.setItem(OFF, "1");
    swap();
  });
}
