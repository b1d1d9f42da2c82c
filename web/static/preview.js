// <form data-preview="/path" data-preview-into="#id">: the preview follows what is typed. Without it, a button does.
"use strict";

for (const form of document.querySelectorAll("form[data-preview]")) {
  const into = document.querySelector(form.dataset.previewInto);
  let waiting = 0;
  let running = null;
  const refresh = async () => {
    if (running) running.abort();
    running = new AbortController();
    try {
      const body = new URLSearchParams(new FormData(form));
      const answer = await fetch(form.dataset.preview, { method: "POST", body, signal: running.signal });
      // The session may have ended: the login is no preview.
      if (answer.redirected || !(answer.ok || answer.status === 422)) return;
      into.innerHTML = await answer.text();
    } catch {
      // Overtaken by the next one, or no connection; the button is still there.
    }
  };
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(refresh, 250);
  });
}
