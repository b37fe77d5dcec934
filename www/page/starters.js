// Prompts to begin with: those of the page's model, which show what it can, or some that fit any.
import { element, make } from "../ui/dom.js";
import { session } from "./session.js";

/** @import { Starter } from "./models/catalog.js" */

/** For a model of which the catalogue knows none. @type {Starter[]} */
const ANY = [{ prompt: "Once upon a time" }, { prompt: "The capital of France is" }, { prompt: "In the year 1900," }];

/** @param {(starter: Starter) => void} onChoice */
export function offerStarters(onChoice) {
  const row = element("starters", HTMLElement);
  /** @type {Starter[]} */
  let offered = [];
  session.onChange(() => {
    const prompts = session.model && !session.lacksTokenizer ? (session.listed?.prompts ?? ANY) : [];
    if (prompts === offered) return;
    offered = prompts;
    row.replaceChildren(
      ...prompts.map((starter) => {
        const button = make("button", { type: "button", className: "small" }, starter.label ?? starter.prompt);
        button.addEventListener("click", () => onChoice(starter));
        return button;
      }),
    );
  });
}
