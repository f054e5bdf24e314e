'use strict';

// A Map that also tells somebody else of every change. It is a Map first: telling must not throw,
// and what is read comes from here.
class SessionMap extends Map {
  #stored;
  #removed;

  // entries are there already when the first change is told.
  constructor(entries, { stored, removed }) {
    super();
    for (const [email, session] of entries) super.set(email, session);
    this.#stored = stored;
    this.#removed = removed;
  }

  set(email, session) {
    super.set(email, session);
    this.#stored(email, session);
    return this;
  }

  // Also told if there was none here: after a restart of Backstage there is none, but over there.
  delete(email) {
    const had = super.delete(email);
    this.#removed(email);
    return had;
  }

  clear() {
    const emails = [...this.keys()];
    super.clear();
    for (const email of emails) this.#removed(email);
  }
}

module.exports = { SessionMap };
