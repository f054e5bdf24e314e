'use strict';

// What is on its way to the service: at most one message an e-mail address, since the latest is all
// that counts, and one request at a time, in the order in which the messages came. A message stays
// until it has arrived, is refused for good, or its time is over.
//
// Nothing that is logged here comes out of a message.
const MAX_DELAY_MS = 10_000;

// Why a message did not arrive. final: it never will. Its text may be logged.
class NotSent extends Error {
  constructor(text, { final = false } = {}) {
    super(text);
    this.name = 'NotSent';
    this.final = final;
  }
}

class Outbox {
  #waiting = new Map(); // e-mail address to message
  #send;
  #logger;
  #retryDelay;
  #limit;
  #running = false;
  #finished = Promise.resolve(); // when it is not running any more
  #closed = false;
  #failures = 0; // in a row
  #complaint; // what was logged last, until something arrives
  #stop = new AbortController();
  #shorten = () => {}; // the pause between two tries, if there is one now

  // send(message, signal): resolves when the message has arrived, else rejects, best with NotSent.
  // It must come to an end by itself, and at once if signal is aborted.
  constructor({ send, logger, retryDelay, limit = 1000 }) {
    this.#send = send;
    this.#logger = logger;
    this.#retryDelay = retryDelay;
    this.#limit = limit;
  }

  get size() {
    return this.#waiting.size;
  }

  // message: { email, method, giveUpAt, ... }, giveUpAt in milliseconds since 1970.
  add(message) {
    if (this.#closed) return;
    this.#waiting.delete(message.email); // its new place is at the end
    this.#waiting.set(message.email, message);
    if (this.#waiting.size > this.#limit) this.#makeRoom();
    // The service may be back already, and somebody waits: no longer than after a first failure.
    this.#failures = 0;
    this.#shorten(this.#delay());
    this.#start();
  }

  // Who loses a session signs in again, but a session that should be gone must go.
  #makeRoom() {
    let [victim] = this.#waiting.keys();
    for (const { email, method } of this.#waiting.values()) {
      if (method !== 'PUT') continue;
      victim = email;
      break;
    }
    this.#waiting.delete(victim);
    this.#complain(`more than ${this.#limit} changes are waiting, the oldest is dropped`);
  }

  // Tries until nothing waits any more, for at most ms. Then everything ends; what waits is lost.
  async close(ms) {
    let timer;
    this.#closed = true;
    this.#failures = 0;
    this.#shorten(0);
    await Promise.race([
      this.#finished,
      new Promise(resolve => { timer = setTimeout(resolve, ms); }),
    ]);
    clearTimeout(timer);
    this.#stop.abort();
    this.#shorten(0);
    if (this.size > 0) this.#logger.warn(`Palette sessions: what still waits is lost: ${this.size}`);
    this.#waiting.clear();
  }

  #start() {
    if (this.#running) return;
    this.#running = true;
    this.#finished = this.#run();
  }

  async #run() {
    try {
      for (let message = this.#next(); message; message = this.#next()) await this.#try(message);
    } finally {
      this.#running = false;
    }
  }

  async #try(message) {
    try {
      await this.#send(message, this.#stop.signal);
    } catch (error) {
      if (!this.#stop.signal.aborted) await this.#failed(message, error);
      return;
    }
    this.#arrived(message);
  }

  // The first whose time is not over.
  #next() {
    if (this.#stop.signal.aborted) return undefined;
    const now = Date.now();
    for (const message of this.#waiting.values()) {
      if (message.giveUpAt > now) return message;
      this.#done(message);
      this.#logger.debug('Palette sessions: a change is too old to be sent');
    }
    return undefined;
  }

  // Unless another one has taken its place meanwhile.
  #done(message) {
    if (this.#waiting.get(message.email) === message) this.#waiting.delete(message.email);
  }

  #arrived(message) {
    this.#done(message);
    this.#failures = 0;
    if (!this.#complaint) return;
    this.#complaint = undefined;
    this.#logger.info('Palette sessions: the service takes them again');
  }

  async #failed(message, error) {
    const why = error instanceof NotSent ? error.message : `failed with ${error?.name}`;
    if (error?.final) {
      this.#done(message);
      this.#complain(`${why}, the change is dropped`);
      return;
    }
    this.#complain(why);
    const delay = this.#delay();
    this.#failures++;
    await this.#pause(delay);
  }

  // Once for each reason: it may go on for hours.
  #complain(why) {
    const level = this.#complaint === why ? 'debug' : 'warn';
    this.#complaint = why;
    this.#logger[level](`Palette sessions: ${why}; ${this.size} waiting`);
  }

  // Half of it is left to chance, so that replicas do not come all at once.
  #delay() {
    const doublings = Math.min(this.#failures, 20);
    const longest = Math.min(this.#retryDelay * 2 ** doublings, MAX_DELAY_MS);
    return longest * (0.5 + Math.random() / 2);
  }

  #pause(ms) {
    return new Promise(resolve => {
      let end = Date.now() + ms;
      let timer = setTimeout(resolve, ms);
      this.#shorten = longest => {
        if (Date.now() + longest >= end) return;
        end = Date.now() + longest;
        clearTimeout(timer);
        timer = setTimeout(resolve, longest);
      };
    });
  }
}

module.exports = { NotSent, Outbox };
