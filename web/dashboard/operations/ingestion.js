// @ts-check
/** A tenant's runs: the one that is under way, those that have ended, and the records that could not be stored. */
import { html, useEffect, useState } from "../kit/html.js";
import { follow } from "../kit/live.js";
import { zoneOf } from "../kit/period.js";
import { useAnswer } from "../kit/use-answer.js";
import { Problem, Skeleton } from "../parts/states.js";
import { useNow } from "../parts/time.js";
import { PresentRun } from "./present-run.js";
import { Quarantine } from "./quarantine.js";
import { Runs } from "./runs.js";
import { Supply } from "./supply.js";

/** How often the budget and the lock are looked at, which nobody tells. */
const LOOK_MS = 4_000;

/** @param {{address: URLSearchParams, version: number}} props */
export function Ingestion({ address, version }) {
  const tenant = /** @type {string} */ (address.get("tenant"));
  const zone = zoneOf(address);
  const now = useNow();
  const look = useNow(LOOK_MS);
  const [changes, setChanges] = useState(0);
  const [after, setAfter] = useState({ runsAfter: null, recordsAfter: null });
  const present = useAnswer("ingestion-now", { tenant }, look + changes);
  const past = useAnswer("ingestion", { tenant, ...after }, version + changes);
  const data = past.data;
  const change = () => setChanges((before) => before + 1);
  useEffect(() => follow("ingestion-started", { tenant }, change), [tenant]);
  return html`
    <h1 class="unseen">Ingestion of ${tenant}</h1>
    <${Problem} text=${present.problem ?? past.problem} />
    <div class="ingestion">
      <div class="run-row">
        <${PresentRun} tenant=${tenant} present=${present.data} zone=${zone} onChange=${change} />
        <${Supply} present=${present.data} zone=${zone} />
      </div>
      ${!data && past.isLoading && html`<${Skeleton} lines=${8} />`}
      ${data?.ingestionLogs && html`<${Runs} logs=${data.ingestionLogs} zone=${zone} now=${now} cursor=${after.runsAfter} onPage=${(/** @type {any} */ runsAfter) => setAfter({ ...after, runsAfter })} />`}
      ${data?.quarantinedRecords && html`<${Quarantine} records=${data.quarantinedRecords} zone=${zone} now=${now} cursor=${after.recordsAfter} onPage=${(/** @type {any} */ recordsAfter) => setAfter({ ...after, recordsAfter })} />`}
    </div>
  `;
}
