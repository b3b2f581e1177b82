// @ts-check
/** When a connection is read, and of which tickets nobody is told. */
import { duration } from "../kit/format.js";
import { html } from "../kit/html.js";
import { bound, dateOf } from "../kit/period.js";

/** @param {{zone: string, minutes: number | null, announceFrom: string | null}} props what stands in the fields at first */
export function Plan({ zone, minutes, announceFrom }) {
  return html`
    <div class="form-row">
      <label for="every-minutes">Read every <span class="quiet">minutes</span></label>
      <input id="every-minutes" name="every-minutes" type="number" min="1" step="1" defaultValue=${minutes ?? ""} aria-describedby="every-minutes-told" />
      <p class="quiet told" id="every-minutes-told">Empty: only when somebody asks for it.</p>
    </div>
    <div class="form-row">
      <label for="announce-from">Announce tickets from</label>
      <input id="announce-from" name="announce-from" type="date" defaultValue=${announceFrom ? dateOf(new Date(announceFrom), zone) : ""} aria-describedby="announce-from-told" />
      <p class="quiet told" id="announce-from-told">Urgent tickets that were created before are shown here and announced to nobody.${announceFrom ? "" : " Empty: from now on."}</p>
    </div>
  `;
}

/** What was planned. @param {HTMLFormElement} form @param {string} zone @param {string | null} before when it announced from */
export function planned(form, zone, before = null) {
  const data = new FormData(form);
  const day = String(data.get("announce-from"));
  const isSame = before !== null && dateOf(new Date(before), zone) === day;
  const minutes = Number(data.get("every-minutes"));
  return { scheduleMinutes: minutes || null, announceFrom: isSame ? null : (bound(day, zone)?.toISOString() ?? null) };
}

/** @param {number | null} minutes */
export function scheduleText(minutes) {
  if (!minutes) return "only by hand";
  return minutes < 90 ? `every ${minutes} min` : `every ${duration(minutes * 60)}`;
}
