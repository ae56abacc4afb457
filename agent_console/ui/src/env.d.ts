declare const __VERSION__: string;
declare const __TICKER__: string;
declare module "*.svg" {
  const url: string;
  export default url;
}
