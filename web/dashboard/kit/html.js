// @ts-check
/** What components are made of: Preact with its hooks, and htm's templates. */
export {
  Component,
  createContext,
  h,
  html,
  render,
  useCallback,
  useContext,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "../lib/preact.js";
