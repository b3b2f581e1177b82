/** What the page uses of Preact and htm, for editors and `tsc`; the file itself comes from npm. */
export const html: (strings: TemplateStringsArray, ...values: any[]) => any;
export function render(node: any, root: Element): void;
export function useState<T>(initial: T | (() => T)): [T, (next: T | ((before: T) => T)) => void];
export function useEffect(effect: () => void | (() => void), inputs?: any[]): void;
export function useLayoutEffect(effect: () => void | (() => void), inputs?: any[]): void;
export function useMemo<T>(make: () => T, inputs: any[]): T;
export function useRef<T>(initial: T): { current: T };
