// Live parts: the server says that something may have changed, and the parts of this page that asked for it are fetched
// again. Everything else works without this file.
(() => {
  "use strict";
  const address = document.body.dataset.events;
  if (!address || !window.EventSource || !document.querySelector("[hx-trigger*='loa:change']")) return;
  const note = document.querySelector("[data-live-note]");
  let stream = null;
  let lost = false;

  const changed = () => document.body.dispatchEvent(new CustomEvent("loa:change"));

  const open = () => {
    stream = new EventSource(address);
    stream.addEventListener("ready", () => {
      note.hidden = true;
      if (lost) changed();
      lost = false;
    });
    stream.addEventListener("change", changed);
    stream.addEventListener("error", () => {
      lost = true;
      note.hidden = false;
    });
  };

  const close = () => {
    if (stream) stream.close();
    stream = null;
    lost = true;
  };

  // A page that nobody sees needs no stream; one that is seen again is brought up to date.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) close();
    else if (!stream) open();
  });
  window.addEventListener("pagehide", close);
  if (!document.hidden) open();
})();

// What is typed in an article is kept in this tab until the server has it: a session that has ended in the middle takes
// nothing with it. Whoever signs out leaves nothing behind.
(() => {
  "use strict";
  const KEY = "loa-typed";
  const FIELDS = ["title", "summary", "body"];
  const all = () => JSON.parse(sessionStorage.getItem(KEY) || "{}");
  const keep = (typed) => sessionStorage.setItem(KEY, JSON.stringify(typed));
  const forget = (token) => {
    const { [token]: gone, ...others } = all();
    keep(others);
  };
  document.querySelector("form[action='/sign-out']")?.addEventListener("submit", () => sessionStorage.removeItem(KEY));
  const kept = document.querySelector("[data-typed-kept]");
  if (kept) forget(kept.dataset.typedKept);
  const form = document.querySelector("form[data-typed]");
  if (!form) return;
  const value = (name) => form.elements.namedItem(name)?.value ?? "";
  const [token, article] = [value("token"), value("article")];
  const same = (typed) => FIELDS.every((name) => value(name).trim() === typed[name].trim());
  const empty = FIELDS.every((name) => !value(name).trim());
  let taken = token;
  if (!("unsaved" in form.dataset)) {
    for (const [other, typed] of Object.entries(all())) {
      if (other === token && same(typed)) forget(other);
      else if (other === token || (typed.article === article && (article || empty))) {
        const note = document.createElement("p");
        const button = document.createElement("button");
        note.className = "notice refused";
        button.type = "button";
        button.className = "plain";
        button.textContent = form.dataset.typed;
        button.addEventListener("click", () => {
          for (const name of FIELDS) form.elements.namedItem(name).value = typed[name];
          taken = other;
          note.remove();
        });
        note.append(`${form.dataset.typedNote} “${typed.title || typed.body.slice(0, 40)}” `, button);
        form.before(note);
      }
    }
  }
  form.addEventListener("submit", () => {
    const typed = Object.fromEntries(FIELDS.map((name) => [name, value(name)]));
    const { [taken]: gone, ...others } = all();
    keep({ ...others, [token]: { article, ...typed } });
  });
})();

// What is pasted from a word processor is cleaned by the server and comes back as Markdown.
(() => {
  "use strict";
  const put = (area, words) => {
    area.focus();
    area.setRangeText(words, area.selectionStart, area.selectionEnd, "end");
    area.dispatchEvent(new Event("input", { bubbles: true }));
  };
  for (const area of document.querySelectorAll("textarea[data-paste]")) {
    area.addEventListener("paste", (event) => {
      const html = event.clipboardData?.getData("text/html");
      const csrf = area.form?.elements.namedItem("csrf")?.value;
      if (!html || !csrf) return;
      const plain = event.clipboardData.getData("text/plain");
      event.preventDefault();
      fetch(area.dataset.paste, { method: "POST", body: new URLSearchParams({ csrf, html }) })
        .then((answer) => (answer.ok && !answer.redirected ? answer.text() : plain))
        .catch(() => plain)
        .then((words) => put(area, words));
    });
  }
})();
