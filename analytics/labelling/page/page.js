"use strict";
// Each key presses the button that names it; without this script the buttons do.
document.addEventListener("keydown", (event) => {
  if (event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
  const key = event.key.toLowerCase();
  for (const button of document.querySelectorAll("button[data-key]")) {
    if (button.dataset.key.split(" ").includes(key) && !button.disabled) {
      event.preventDefault();
      button.click();
      return;
    }
  }
});
// A second press while the answer is on its way is not meant for the next item.
document.addEventListener("submit", (event) => {
  if (document.body.dataset.sent) event.preventDefault();
  document.body.dataset.sent = "yes";
});
window.addEventListener("pageshow", () => delete document.body.dataset.sent);
