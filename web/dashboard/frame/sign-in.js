// @ts-check
/** Asks for the bearer token, where the service wants one. */
import { html } from "../kit/html.js";
import * as token from "../kit/token.js";
import { Problem } from "../parts/states.js";

/** @param {{isRefused: boolean, onToken: () => void}} props `isRefused`: the last one was not taken */
export function SignIn({ isRefused, onToken }) {
  /** @param {SubmitEvent} event */
  const keep = (event) => {
    event.preventDefault();
    const given = String(new FormData(/** @type {HTMLFormElement} */ (event.target)).get("token")).trim();
    if (!given) return;
    token.keep(given);
    onToken();
  };
  return html`
    <main class="sign-in">
      <h1>Support ticket analytics</h1>
      <p>This service wants to know who asks. Paste the bearer token that you were given; it stays in this tab and is
        forgotten when the tab is closed.</p>
      <${Problem} text=${isRefused ? "The service does not take that token: it is not valid, or has expired." : null} />
      <form onSubmit=${keep}>
        <label for="token">Token</label>
        <textarea id="token" name="token" rows="4" required autocomplete="off" spellcheck="false"></textarea>
        <button type="submit" class="primary">Continue</button>
      </form>
    </main>
  `;
}
