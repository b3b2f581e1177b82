// @ts-check
/** What components are made of: Preact with its hooks, and htm's templates. */
export { html, render, useEffect, useRef, useState } from "../lib/preact.js";
