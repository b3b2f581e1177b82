// @ts-check
import { FigureCard } from "../charts/figure-card.js";
import { absolute, number, relative } from "../kit/format.js";
import { html } from "../kit/html.js";

/** The notifications by state, and how long the oldest waits. @param {{data: any, now: number, zone: string}} props */
export function Outbox({ data, now, zone }) {
  const counts = data.notificationCounts ?? { pending: 0, delivered: 0, dead: 0 };
  const oldest = data.oldest?.nodes[0]?.createdAt;
  const age = oldest ? html`<span title=${absolute(oldest, zone)}>${relative(oldest, now)}</span>` : "–";
  return html`
    <div class="states">
      <${FigureCard} title="Waiting" value=${number(counts.pending)} href="#waiting" note="or being sent" />
      <${FigureCard} title="The oldest waits since" value=${age} />
      <${FigureCard} title="Delivered" value=${number(counts.delivered)} href="#delivered" />
      <${FigureCard} title="Dead letters" value=${number(counts.dead)} href="#dead" note=${counts.dead ? "given up; they can be sent again" : "nothing was given up"} />
    </div>
  `;
}
