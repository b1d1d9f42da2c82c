// The mail page: a test that is watched step by step, warnings while typing, pasted addresses. The page works without it,
// and every rule stays with the server: here answers are only put in place.
"use strict";

(() => {
  const region = document.getElementById("mail-test");
  if (!region) return;

  const fragment = (html) => {
    const template = document.createElement("template");
    template.innerHTML = html;
    return template.content;
  };

  // ---- a test that is watched ----

  function put(html) {
    region.replaceChildren(fragment(html));
    localTimes(region);
    copyButtons();
    return region.querySelector("section");
  }

  // The form is sent without leaving the page. Where anything is odd it is sent as ever, and the page says what is wrong.
  async function start(event) {
    const form = event.currentTarget;
    const button = event.submitter;
    const wish = form.dataset.do || (button && button.value);
    if (form.dataset.plain || (wish !== "test" && wish !== "stored")) return;
    event.preventDefault();
    if (document.body.dataset.testing) return;
    document.body.dataset.testing = "yes";
    const release = busy(form);
    const body = new URLSearchParams(new FormData(form));
    body.set("do", wish);
    let card = null;
    try {
      const answer = await fetch(form.dataset.live, { method: "POST", body });
      if (answer.status === 201) card = put(await answer.text());
    } catch {
      // Sent as ever below.
    }
    if (!card) {
      release();
      delete document.body.dataset.testing;
      form.dataset.plain = "yes";
      form.requestSubmit(button);
      return;
    }
    card.scrollIntoView({ block: "nearest" });
    card.focus({ preventScroll: true });
    watch(card, () => {
      release();
      delete document.body.dataset.testing;
    });
  }

  function watch(card, ended) {
    const source = new EventSource(card.dataset.stream);
    source.addEventListener("steps", (event) => {
      const progress = card.querySelector(".test-progress");
      progress.replaceWith(fragment(event.data));
      const latest = card.querySelector(".test-progress").dataset.latest;
      card.querySelector("[data-announce]").textContent = latest;
    });
    source.addEventListener("done", (event) => {
      source.close();
      const result = put(event.data);
      result.focus({ preventScroll: true });
      ended();
      const there = result.dataset.saved;
      // A new profile has an address of its own from now on.
      if (there && there !== location.pathname) history.replaceState(null, "", there);
      refresh(Boolean(there));
    });
    source.addEventListener("error", () => {
      source.close();
      card.querySelector("[data-broken]").hidden = false;
      ended();
    });
  }

  function busy(form) {
    const buttons = [...form.querySelectorAll("button[data-busy]")];
    const words = buttons.map((button) => button.textContent);
    for (const button of buttons) {
      button.textContent = button.dataset.busy;
      button.setAttribute("aria-busy", "true");
    }
    return () => buttons.forEach((button, i) => {
      button.textContent = words[i];
      button.removeAttribute("aria-busy");
    });
  }

  // What is in use has a new last success or failure; after a save the form has a stored password.
  async function refresh(saved) {
    const answer = await fetch(location.pathname);
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of document.querySelectorAll("[data-part]")) {
      if (part.dataset.part === "form" && !saved) continue;
      const next = fresh.querySelector(`[data-part="${part.dataset.part}"]`);
      if (!next) continue;
      part.replaceWith(next);
      localTimes(next);
      enliven(next);
    }
  }

  // ---- while typing ----

  const field = (form, name) => form.elements.namedItem(name);
  let timer = 0;
  let asked = 0;

  function warn(form) {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const place = form.querySelector("[data-warning]");
      asked += 1;
      // A whole address may hold a password, and what is asked for stands in the logs of every proxy on the way.
      if (/:\/\/|@/.test(field(form, "host").value)) {
        place.replaceChildren();
        return;
      }
      const query = new URLSearchParams();
      for (const name of ["host", "port", "security"]) query.set(name, field(form, name).value);
      const mine = asked;
      const answer = await fetch(`${place.dataset.warning}?${query}`).catch(() => null);
      // A later question may have been answered first.
      if (answer && answer.ok && mine === asked) place.replaceChildren(fragment(await answer.text()));
    }, 250);
  }

  // A button of a warning sets its field.
  function fix(form, event) {
    const button = event.target.closest("button[value^='fix:']");
    if (!button) return;
    event.preventDefault();
    const [, name, value] = button.value.split(":");
    field(form, name).value = value;
    form.querySelector("[data-warning]").replaceChildren();
    warn(form);
  }

  // The server takes a pasted address apart; the password in it stays here.
  async function paste(form, event) {
    const text = event.clipboardData ? event.clipboardData.getData("text").trim() : "";
    const whole = /^([a-z]+:\/\/)(?:([^/@]*)@)?(.*)$/i.exec(text);
    const password = whole && whole[2] && whole[2].includes(":") ? whole[2].slice(whole[2].indexOf(":") + 1) : null;
    if (!whole && !/:\d+$/.test(text)) return;
    event.preventDefault();
    field(form, "host").value = text;
    const bare = password === null ? text : `${whole[1]}${whole[2].slice(0, whole[2].indexOf(":"))}@${whole[3]}`;
    const body = new URLSearchParams({ csrf: field(form, "csrf").value, host: bare });
    const answer = await fetch(form.dataset.paste, { method: "POST", body }).catch(() => null);
    if (!answer || answer.status !== 200) return;
    for (const [name, value] of Object.entries(await answer.json())) field(form, name).value = value;
    if (password !== null) field(form, "password").value = decoded(password);
    warn(form);
  }

  function decoded(text) {
    try {
      return decodeURIComponent(text);
    } catch {
      return text;
    }
  }

  function enliven(root) {
    for (const form of root.querySelectorAll("form[data-live]")) {
      form.addEventListener("submit", start);
      if (!form.querySelector("[data-warning]")) continue;
      form.addEventListener("click", (event) => fix(form, event));
      form.addEventListener("input", (event) => {
        if (["host", "port", "security"].includes(event.target.name)) warn(form);
      });
      field(form, "host").addEventListener("paste", (event) => paste(form, event));
    }
  }

  enliven(document);
  // The page may come back from the browser's memory.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) for (const form of document.forms) delete form.dataset.plain;
  });
})();
