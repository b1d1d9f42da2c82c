// Comfort on top of pages that work without it. Nothing here is needed to use Watchbell.
"use strict";

// Times are served in UTC; here they are shown in the zone of the reader.
function localTimes(root) {
  const language = document.documentElement.lang || undefined;
  const exact = new Intl.DateTimeFormat(language, {
    year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit",
    hourCycle: "h23", timeZoneName: "short",
  });
  for (const time of root.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    if (time.hasAttribute("data-local")) {
      time.title = time.textContent;
      time.textContent = exact.format(at);
    } else {
      time.title = exact.format(at);
    }
  }
}

// On a narrow screen the navigation is wider than its window: where one is must be in sight.
function currentPage() {
  const link = document.querySelector("nav.main [aria-current]");
  const nav = link && link.closest("nav");
  if (nav) nav.scrollLeft += link.getBoundingClientRect().right - nav.getBoundingClientRect().right + 16;
}

// A form is sent once, and a button that takes long says that it works.
function busyButtons() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    // What opens elsewhere leaves this page as it is.
    if (event.submitter && event.submitter.formTarget) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    const button = event.submitter;
    if (button && button.dataset.busy) {
      button.textContent = button.dataset.busy;
      button.setAttribute("aria-busy", "true");
    }
  });
  // The page may come back from the browser's memory.
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    for (const form of document.forms) delete form.dataset.sent;
  });
}

// <button data-copy="#id"> copies the text of that element.
function copyButtons() {
  for (const button of document.querySelectorAll("button[data-copy]")) {
    if (!navigator.clipboard) continue;
    button.hidden = false;
    button.addEventListener("click", async () => {
      const source = document.querySelector(button.dataset.copy);
      if (!source) return;
      await navigator.clipboard.writeText(source.textContent);
      const before = button.textContent;
      button.textContent = button.dataset.copied;
      setTimeout(() => { button.textContent = before; }, 1500);
    });
  }
}

// Times are typed in the zone of the reader and travel in UTC.
function localInputs() {
  const inputs = document.querySelectorAll('input[type="datetime-local"][data-utc]');
  if (inputs.length === 0) return;
  for (const input of inputs) {
    const shown = new Date(input.dataset.utc);
    if (!Number.isNaN(shown.getTime())) {
      input.value = new Date(shown.getTime() - shown.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
    }
    input.form.addEventListener("formdata", (event) => {
      const typed = new Date(input.value);
      if (input.value && !Number.isNaN(typed.getTime())) event.formData.set(input.name, typed.toISOString());
    });
  }
  const parts = new Intl.DateTimeFormat(document.documentElement.lang || undefined, { timeZoneName: "short" }).formatToParts();
  const zone = parts.find((part) => part.type === "timeZoneName");
  for (const name of document.querySelectorAll("[data-zone]")) {
    if (zone) name.textContent = zone.value;
  }
}

// What is not filled in stays out of the address.
function shortAddresses() {
  for (const form of document.querySelectorAll("form.filter")) {
    form.addEventListener("formdata", (event) => {
      const empty = [...event.formData].filter(([, value]) => value === "").map(([name]) => name);
      for (const name of empty) event.formData.delete(name);
    });
  }
}

// A filter that is chosen from a list applies at once.
function instantFilters() {
  for (const select of document.querySelectorAll("form.filter select")) {
    select.addEventListener("change", () => select.form.requestSubmit());
  }
}

currentPage();
localTimes(document);
busyButtons();
copyButtons();
instantFilters();
localInputs();
shortAddresses();
