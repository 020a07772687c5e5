// Types that the modules of the components share. The files are plain JavaScript; tsc checks them by these types and by JSDoc.

// The text of a worker's script, which `explorer.components.bundle` inlines.
declare module "*?worker" {
  const source: string;
  export default source;
}
