// Texts of the page in its language.
import { account, code, texts } from "../texts.js";

export { account }; // of whoever is logged in, or ""
export const language = code;

export function has(key) {
  return key in texts;
}

export function t(key, params = {}) {
  const text = texts[key] ?? key;
  return text.replace(/\{\{|\}\}|\{(\w+)(?::[^}]*)?\}/g, (match, name) => (name ? String(params[name] ?? "") : match[0]));
}
