// Keys for people who read many responses a day. All works the same without, and one press turns them off (WCAG 2.1.4).

const OFF = "foreword-keys-off";
const rows = [...document.querySelectorAll(".list tbody th a")];
const finish = document.querySelector("[data-key=r]");
const texts = rows.length
  ? ["j next, k previous, Enter opens, r reads the list again."]
  : finish ? ["r goes to the button Mark reviewed."] : [];

const move = (step) => {
  const here = rows.indexOf(document.activeElement.closest("tr")?.querySelector("th a"));
  rows[Math.min(Math.max(here + step, 0), rows.length - 1)].focus();
};

const keys = rows.length
  ? { j: () => move(1), k: () => move(-1), r: () => location.reload() }
  : finish ? { r: () => finish.focus() } : {};

addEventListener("keydown", (event) => {
  const { key, target, altKey, ctrlKey, metaKey } = event;
  if (!keys[key] || altKey || ctrlKey || metaKey || localStorage.getItem(OFF)) return;
  if (target.closest("input:not([type=checkbox]), select, textarea")) return;
  event.preventDefault();
  keys[key]();
});

if (texts.length) {
  const help = document.createElement("p");
  const button = document.createElement("button");
  const text = document.createElement("span");
  help.className = "keys muted";
  Object.assign(button, { type: "button", className: "button-link" });
  const show = () => {
    const isOff = localStorage.getItem(OFF);
    text.textContent = isOff ? "Keys are off. " : `Keys: ${texts[0]} `;
    button.textContent = isOff ? "Turn them on" : "Turn them off";
  };
  button.addEventListener("click", () => {
    if (localStorage.getItem(OFF)) localStorage.removeItem(OFF);
    else localStorage.setItem(OFF, "1");
    show();
  });
  help.append(text, button);
  document.querySelector(".views, .skips").after(help);
  show();
}
