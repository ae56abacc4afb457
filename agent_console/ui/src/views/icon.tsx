// Line icons. Each state has its own shape, so that colour is never the only difference.
const PATHS: Readonly<Record<string, string>> = {
  ready: "M4 12.5l5 5L20 6.5",
  offline: "M5 5l14 14M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18",
  offered: "M6 16v-5a6 6 0 0 1 12 0v5l2 2H4zM10 21h4",
  reserved: "M12 3a9 9 0 1 0 9 9M12 7v5l4 2M16 3l5 2-2 4",
  missed: "M3 7l9 9 9-9M12 16V9M4 7h5M4 7v5M9 20h6",
  unreachable: "M3 3l18 18M6 3h4l1.5 5-2.5 2M14 15.5l2-2L21 14v4a3 3 0 0 1-3 3A15 15 0 0 1 4 8",
  talking: "M4 5h16v11H10l-5 4v-4H4zM8 10.5h.01M12 10.5h.01M16 10.5h.01",
  held: "M9 5v14M15 5v14",
  wrapup: "M4 20l1-4L16.5 4.5l3 3L8 19zM14 7l3 3",
  break: "M5 9h11v5a5 5 0 0 1-5 5h-1a5 5 0 0 1-5-5zM16 10h2a2.5 2.5 0 0 1 0 5h-2M8 3v3M12 3v3",
  phone: "M6 3h4l1.5 5-2.5 2a11 11 0 0 0 5 5l2-2.5L21 14v4a3 3 0 0 1-3 3A15 15 0 0 1 3 6a3 3 0 0 1 3-3z",
  hangup: "M3 14c5-5 13-5 18 0l-2 3-4-1.5v-3a12 12 0 0 0-6 0v3L5 17z",
  queue: "M4 6h16M4 12h16M4 18h10",
  clock: "M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18M12 7v5l3.5 2",
  link: "M5 12.5a10 10 0 0 1 14 0M8 16a6 6 0 0 1 8 0M12 19.5h.01M2 9a15 15 0 0 1 20 0",
  cut: "M3 3l18 18M8 16a6 6 0 0 1 8 0M12 19.5h.01M5 12.5a10 10 0 0 1 5-2.7M2 9a15 15 0 0 1 5-3.2M13 5.5a15 15 0 0 1 9 3.5M15 10a10 10 0 0 1 4 2.5",
  exchange: "M4 5h16v6H4zM4 14h16v6H4zM8 8h.01M8 17h.01",
  menu: "M4 7h16M4 12h16M4 17h16",
  down: "M6 9l6 6 6-6",
  up: "M6 15l6-6 6 6",
  close: "M6 6l12 12M18 6L6 18",
  sound: "M4 9v6h4l5 4V5L8 9zM16 9a4 4 0 0 1 0 6M18.5 6a8 8 0 0 1 0 12",
  mute: "M4 9v6h4l5 4V5L8 9zM17 9.5l5 5M22 9.5l-5 5",
  help: "M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18M9.5 9.5a2.5 2.5 0 1 1 3.5 2.3c-.7.4-1 .9-1 1.7M12 17h.01",
  good: "M4 12.5l5 5L20 6.5",
  warn: "M12 4L2.5 20h19zM12 10v4M12 17h.01",
  bad: "M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18M12 7v6M12 16.5h.01",
  person: "M12 4a4 4 0 1 0 0 8a4 4 0 0 0 0-8M4 21a8 8 0 0 1 16 0",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  search: "M10.5 4a6.5 6.5 0 1 0 0 13a6.5 6.5 0 0 0 0-13M15.5 15.5L21 21",
  target: "M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18M12 8a4 4 0 1 0 0 8a4 4 0 0 0 0-8M12 12h.01",
  book: "M5 4h9a4 4 0 0 1 4 4v12H8a3 3 0 0 1-3-3zM5 17a3 3 0 0 1 3-3h10",
  bulb: "M9 18h6M10 21h4M12 3a6 6 0 0 0-3.5 10.9V16h7v-2.1A6 6 0 0 0 12 3",
  history: "M4 12a8 8 0 1 1 2.5 5.8M4 12V7M4 12h5M12 8v4.5l3 2",
  card: "M3 6h18v12H3zM7 10h5M7 14h3M15 10h2",
  keypad: "M6 5h.01M12 5h.01M18 5h.01M6 11h.01M12 11h.01M18 11h.01M6 17h.01M12 17h.01M18 17h.01",
  transfer: "M4 8h14M14 4l4 4-4 4M20 16H6M10 12l-4 4 4 4",
  swap: "M7 4v14M3 14l4 4 4-4M17 20V6M13 10l4-4 4 4",
  conference: "M8 5a3 3 0 1 0 0 6a3 3 0 0 0 0-6M16 5a3 3 0 1 0 0 6M2 19a6 6 0 0 1 12 0M15 14a6 6 0 0 1 7 5",
  park: "M7 20V4h6a5 5 0 0 1 0 10H7",
  record: "M12 4a8 8 0 1 0 0 16a8 8 0 0 0 0-16M12 9.5a2.5 2.5 0 1 0 0 5a2.5 2.5 0 0 0 0-5",
  resume: "M7 4l12 8-12 8z",
  mic: "M12 3a3 3 0 0 0-3 3v6a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3M5 11a7 7 0 0 0 14 0M12 18v3",
  mic_off: "M3 3l18 18M9 9v3a3 3 0 0 0 5 2M15 11V6a3 3 0 0 0-5.7-1M5 11a7 7 0 0 0 11 5.5M19 11a7 7 0 0 1-.5 2.5M12 18v3",
  hand: "M8 12V5.5a1.5 1.5 0 0 1 3 0V11V4a1.5 1.5 0 0 1 3 0v7V6a1.5 1.5 0 0 1 3 0v8a6 6 0 0 1-6 7c-3 0-4.500-2-6-5l-1.500-3a1.500 1.500 0 0 1 2.500-1.500z",
  listen: "M4 14v-2a8 8 0 0 1 16 0v2M4 14h3v6H5a1 1 0 0 1-1-1zM20 14h-3v6h2a1 1 0 0 0 1-1z",
  more: "M6 12h.01M12 12h.01M18 12h.01",
  back: "M9 7l-5 5 5 5M4 12h11a5 5 0 0 1 5 5v1",
  inbound: "M19 5L7 17M7 9v8h8",
  outbound: "M5 19L17 7M9 7h8v8",
};

export function Icon({ name, size = 18 }: { name: string; size?: number }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" width={size} height={size} aria-hidden="true">
      <path d={PATHS[name] ?? PATHS.help} />
    </svg>
  );
}

const STATES = new Set([
  "ready", "offline", "reserved", "offered", "talking", "held", "wrapup", "break", "missed",
  "unreachable",
]);

export function StateIcon({ state, size }: { state: string; size?: number }) {
  return <Icon name={STATES.has(state) ? state : "help"} size={size} />;
}
