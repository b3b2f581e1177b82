// @ts-check
/** What is announced of a tenant's urgent tickets: what waits and why, what failed, and what was given up. */
import { html, useState } from "../kit/html.js";
import { zoneOf } from "../kit/period.js";
import { useAnswer } from "../kit/use-answer.js";
import { Problem, Skeleton } from "../parts/states.js";
import { useNow } from "../parts/time.js";
import { Circuits } from "./circuits.js";
import { DeadLetters } from "./dead-letters.js";
import { Delivered, Failures, Waiting } from "./notices.js";
import { Outbox } from "./outbox.js";

/** The outbox moves without telling: it is looked at so often. */
const LOOK_MS = 4_000;

/** @param {{address: URLSearchParams}} props */
export function Notifications({ address }) {
  const tenant = /** @type {string} */ (address.get("tenant"));
  const zone = zoneOf(address);
  const now = useNow(1_000);
  const look = useNow(LOOK_MS);
  const [changes, setChanges] = useState(0);
  const [after, setAfter] = useState({ waitingAfter: null, deadAfter: null, deliveredAfter: null });
  const answer = useAnswer("notifications", { tenant, ...after }, look + changes);
  const data = answer.data;
  if (!data) return answer.problem ? html`<${Problem} text=${answer.problem} />` : html`<${Skeleton} lines=${8} />`;
  const pending = data.notificationCounts?.pending ?? 0;
  /** @param {keyof typeof after} name */
  const paged = (name) => {
    const onPage = (/** @type {string | null} */ cursor) => setAfter({ ...after, [name]: cursor });
    return { zone, now, cursor: after[name], onPage };
  };
  return html`
    <h1 class="unseen">Notifications of ${tenant}</h1>
    <${Problem} text=${answer.problem} />
    <div class="ingestion">
      <${Outbox} data=${data} now=${now} zone=${zone} />
      <${Circuits} tenant=${tenant} look=${look} now=${now} pending=${pending} />
      <${Waiting} waiting=${data.waiting} pending=${pending} ...${paged("waitingAfter")} />
      <${Failures} notices=${data.attempted?.nodes ?? []} zone=${zone} now=${now} />
      <${DeadLetters} tenant=${tenant} dead=${data.dead} count=${data.notificationCounts?.dead ?? 0} ...${paged("deadAfter")} onChange=${() => setChanges((before) => before + 1)} />
      <${Delivered} delivered=${data.delivered} ...${paged("deliveredAfter")} />
    </div>
  `;
}
