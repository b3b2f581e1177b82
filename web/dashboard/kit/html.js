// @ts-check
/** What components are made of: Preact with its hooks, and htm's templates. */
export { html, render, useEffect, useLayoutEffect, useMemo, useRef, useState } from "../lib/preact.js";
