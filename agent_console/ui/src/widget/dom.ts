// Elements by function. Data only ever becomes text or an attribute's value, never markup.
type Value = string | number | boolean | null | undefined | ((event: Event) => void);
export type Child = Node | string | false | null | undefined;

/** ``class`` is also the element's ``part``, by which pages can style it. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K, attributes: Record<string, Value> = {}, ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value || value === 0) element.setAttribute(name, value === true ? "" : `${value}`);
    if (name === "class") element.setAttribute("part", `${value}`);
  }
  element.append(...children.filter((child): child is Node | string => !!child));
  return element;
}

/** Only the web and mail: an address with any other scheme is no link. */
export function safe(address: string, base: string): string {
  try {
    const { protocol, href } = new URL(address, base);
    return /^(https?|mailto):$/.test(protocol) ? href : "";
  } catch {
    return "";
  }
}
