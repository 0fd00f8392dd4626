// A worker: measures or renders one band at a time, away from the page's own thread.

import { measure } from "./statistics/moments.js";
import { render } from "./kernels/reference.js";

self.onmessage = ({ data: { band, region, developed, constants } }) => {
  try {
    if (!developed) return self.postMessage({ found: measure(band, constants) });
    const found = render(band, region, developed, constants);
    self.postMessage({ found }, [found.buffer]);
  } catch (error) {
    self.postMessage({ error: `the picture could not be worked on: ${error.message}` });
  }
};
