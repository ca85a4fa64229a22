/* Keys for the console. Nothing here is needed: every key presses a button or a link that is on
   the page. An element says its key in data-key; an element with data-item is one row or card that
   j and k walk, and whose own keys go before the page's. Keys can be switched off (WCAG 2.1.4). */
"use strict";

const root = document.documentElement;
const storeName = "hopnhat.keys";
const dialog = document.getElementById("keys");

function keysAreOn() {
  try {
    return localStorage.getItem(storeName) !== "off";
  } catch {
    return true; // storage may be forbidden; keys then start on
  }
}

function switchKeys(on) {
  try {
    localStorage.setItem(storeName, on ? "on" : "off");
  } catch {
    // the choice then lasts for this page
  }
  root.classList.toggle("keys-off", !on);
}

function isTyping(target) {
  return target.closest("textarea, select, [contenteditable], input:not([type=checkbox], [type=radio])") !== null;
}

function items() {
  return [...document.querySelectorAll("[data-item]")];
}

function currentItem() {
  return document.activeElement ? document.activeElement.closest("[data-item]") : null;
}

function walk(step) {
  const all = items();
  const next = all[Math.max(0, Math.min(all.length - 1, all.indexOf(currentItem()) + step))];
  if (next) {
    (next.querySelector("[data-focus]") || next).focus();
    next.scrollIntoView({ block: "nearest" });
  }
}

function find(key) {
  const own = currentItem();
  const selector = `[data-key="${CSS.escape(key)}"]`;
  const inItem = own && own.querySelector(selector);
  return inItem || [...document.querySelectorAll(selector)].find((each) => !each.closest("[data-item]"));
}

function press(element) {
  if (element.matches("textarea, input:not([type=checkbox])")) {
    element.focus();
    element.select();
  } else {
    element.click();
  }
}

document.addEventListener("keydown", (event) => {
  const off = root.classList.contains("keys-off") && event.key !== "?";
  if (off || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  if (isTyping(event.target) || (dialog && dialog.open)) return;
  const element = find(event.key);
  if (element) {
    event.preventDefault();
    press(element);
  } else if ((event.key === "j" || event.key === "k") && items().length) {
    event.preventDefault();
    walk(event.key === "j" ? 1 : -1);
  }
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-opens=keys]")) dialog.showModal();
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-keys-switch]")) switchKeys(event.target.checked);
  if (event.target.matches("[data-all]")) {
    for (const box of event.target.form.querySelectorAll("input[name=chon]")) {
      box.checked = event.target.checked;
    }
  }
});

root.classList.add("js");
root.classList.toggle("keys-off", !keysAreOn());
for (const box of document.querySelectorAll("[data-keys-switch]")) box.checked = keysAreOn();
