// One beat a second. A worker's timers are not slowed down in hidden tabs as a page's are, so the
// page can notice a silent line there too.
setInterval(() => postMessage(0), 1000);
export {};
