declare module "*/style.css" {
  /** The stylesheet's text, minified. */
  const text: string;
  export default text;
}
